"""The rows of `schema_cases` about names that are reserved for children of other TFModels."""

from testing.schema.values import MODEL, Manifest, Rows

RESERVED = (
    "metadata.name must not end in -headless: NAME-headless is the headless Service of the TFModel NAME, which would "
    "find its name taken. Choose another name"
)


def _named(name: str) -> Manifest:
    return {"metadata": {"name": name}, "spec": MODEL}


ROWS: Rows = {
    "": {
        RESERVED: [
            (_named("shop-headless-1"), _named("shop-headless")),
            (_named("headless"), _named("a-headless")),
            (_named("shopheadless"), _named("shop-headless-headless")),
        ],
    },
}
