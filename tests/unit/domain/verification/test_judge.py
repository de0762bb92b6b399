"""What an answer to a predict request says of the version that gave it."""

import json
import re

import pytest

from testing.recordings.data import rest_cases
from tfs_operator.domain.verification import Answer, Outcome, Probed, concluded, judge, of_requests

GOOD, BAD, UNPROVEN = Outcome.GOOD, Outcome.BAD, Outcome.UNPROVEN
NODE = "\n\t [[{{function_node __inference___1}}{{node MatMul}}]]"


def error(words: str) -> str:
    return json.dumps({"error": words}, indent=4)


NO_INPUT_TO_BLAME = {
    # recorded
    "Op type not registered 'NoSuchOp' in binary running on HOST. Make sure the Op and Kernel are registered": 404,
    "Could not find variable v. This could mean that the variable has been deleted. In TF1, it can also mean the "
    "variable is uninitialized. Debug info: container=localhost, status error message=Container localhost does not "
    "exist. (Could not find resource: localhost/v)\n\t [[{{node mul/ReadVariableOp}}]]": 400,
    "Table not initialized.\n\t [[{{node hash_table_Lookup/LookupTableFindV2}}]]": 400,
    "Tensor nowhere:0, specified in either feed_devices or fetch_devices was not found in the Graph": 400,
    "input nowhere:output:0 is not found: {{node Mul}}": 400,
    # from TensorFlow's source
    "Error while reading resource variable w from Container: localhost. This could mean that the variable was "
    "uninitialized.": 400,
    "Attempting to use uninitialized value dense/kernel": 400,
    "FeedInputs: unable to find feed output x:0": 404,
    "FetchOutputs node y:0: not found": 404,
    "NodeDef mentions attribute 'grad_a' not in Op<name=MatMul; ...>": 400,
    "No OpKernel was registered to support Op 'CudnnRNNV3' used by {{node rnn}} with these attrs": 400,
    "Cannot assign a device for operation lstm: Could not satisfy explicit device specification '/device:GPU:0'": 400,
    "Default MaxPoolingOp only supports NHWC on device type CPU": 400,
    "The Conv2D op currently only supports the NHWC tensor format on the CPU. The op was given the format: NCHW": 501,
    "Function __inference_call_12 is not defined.": 404,
    "OOM when allocating tensor with shape[1,224,224,64] and type float on /job:localhost/replica:0/task:0/GPU:0": 429,
    "Out of memory while trying to allocate 17179869184 bytes.": 429,
    "failed to allocate memory": 429,
    # INTERNAL and UNKNOWN, whatever they say
    "Blas GEMM launch failed : a.shape=(1, 784), b.shape=(784, 10)": 500,
    "Failed to get convolution algorithm. This is probably because cuDNN failed to initialize": 500,
    "Expected prediction signature method_name to be one of {a, b}. Was: x": 500,
    "DNN library is not found.": 501,
}

MAY_BE_THE_INPUT = {
    # recorded
    f"In[0] ndims must be >= 2: 1{NODE}": 400,
    f"Matrix size-incompatible: In[0]: [1,1], In[1]: [2,1]{NODE}": 400,
    "indices[0] = 3 is not in [0, 3)": 400,
    "assertion failed: [x must be positive] [Condition x > 0 did not hold element-wise:] [x (x:0) = ] [0]": 400,
    "Could not parse example input, value: ''": 400,
    "Name: <unknown>, Feature: x (data type: float) is required but could not be found.": 400,
    'Serving signature name: "nope" not found in signature def': 400,
    "Conversion of JSON Value: 1 to type: half": 501,
    "Servable not found for request: Specific(scale, 3)": 404,
    # from TensorFlow's source
    "Unknown image file format. One of JPEG, PNG, GIF, BMP required.": 400,
    "; No such file or directory": 404,
    "inflate() failed with error -3: incorrect header check": 500,
    "Unable to parse binary protobuf": 500,
    "The batch scheduling queue to which this task was submitted is full": 503,
    "Timed out": 504,
    "could not create a primitive descriptor for a matmul primitive": 409,
    "The quota of this model is used up": 429,
}

AFTER_THE_RUN = (
    "Failed to write JSON value for tensor type: half",
    "Cannot convert empty tensor map to JSON",
    "Tensor name: total has no shape information ",
    "Tensor name: y has inconsistent batch size: 2 expecting: 1",
)


@pytest.mark.parametrize(("words", "status"), NO_INPUT_TO_BLAME.items())
def test_no_input_is_to_blame(words: str, status: int) -> None:
    found = judge("signature serving_default", Answer(status, error(words)))
    assert found.outcome is BAD
    assert found.words == f"signature serving_default: HTTP {status}: {' '.join(words.split())}"


@pytest.mark.parametrize(("words", "status"), MAY_BE_THE_INPUT.items())
def test_the_input_may_be_to_blame(words: str, status: int) -> None:
    assert judge("", Answer(status, error(words))).outcome is UNPROVEN


@pytest.mark.parametrize("words", AFTER_THE_RUN)
def test_a_graph_that_ran_is_good_whatever_becomes_of_its_outputs(words: str) -> None:
    assert judge("it", Answer(400, error(words))) == Probed(GOOD)


@pytest.mark.parametrize("body", ['{"outputs": [NaN]}', '{"outputs": [1.0', ""])
def test_an_answer_is_good_even_in_part(body: str) -> None:
    assert judge("it", Answer(200, body)) == Probed(GOOD)


@pytest.mark.parametrize("status", [302, 400, 404, 413, 500, 501, 503])
@pytest.mark.parametrize("body", ["", "<HTML>", "[]", '{"error": 7}', '{"err', "[" * 100_000])
def test_what_no_model_server_says_proves_nothing(status: int, body: str) -> None:
    found = judge("it", Answer(status, body))
    assert found == Probed(UNPROVEN, f"it: HTTP {status}, without an error of TensorFlow Serving")


def test_words_are_one_line_and_bounded() -> None:
    words = judge("it", Answer(500, error("no\n\t luck " + "x" * 5_000))).words
    assert words.startswith("it: HTTP 500: no luck xx")
    assert len(words) < 700


class TestCombined:
    def of(self, *outcomes: Outcome) -> list[Probed]:
        return [Probed(outcome, outcome.value) for outcome in outcomes]

    def test_one_prediction_tells_that_the_other_tries_failed_for_their_input(self) -> None:
        assert of_requests(self.of(UNPROVEN, BAD, GOOD)).outcome is GOOD
        assert of_requests(self.of(UNPROVEN, BAD, UNPROVEN)).outcome is BAD
        assert of_requests(self.of(UNPROVEN, UNPROVEN)).outcome is UNPROVEN

    def test_the_first_of_a_kind_speaks(self) -> None:
        assert of_requests([Probed(BAD, "first"), Probed(BAD, "second")]).words == "first"

    def test_one_signature_that_fails_is_enough(self) -> None:
        assert concluded([], self.of(GOOD, BAD, UNPROVEN)).outcome is BAD
        assert concluded([], self.of(UNPROVEN, GOOD)).outcome is GOOD
        assert concluded([], self.of(UNPROVEN)).outcome is UNPROVEN

    def test_what_users_require_decides(self) -> None:
        assert concluded(self.of(GOOD), self.of(UNPROVEN)).outcome is GOOD
        assert concluded(self.of(GOOD, UNPROVEN), self.of(GOOD)).outcome is UNPROVEN
        assert concluded(self.of(UNPROVEN, BAD), self.of(GOOD)).outcome is BAD

    def test_but_for_what_cannot_predict_at_all(self) -> None:
        assert concluded(self.of(GOOD, UNPROVEN), self.of(BAD)).outcome is BAD

    def test_nothing_proves_nothing(self) -> None:
        assert of_requests([]).outcome is concluded([], []).outcome is UNPROVEN


def _predictions() -> list[tuple[str, int, str]]:
    """Every recorded prediction: its model, status and body; an empty one where it was too long to be recorded."""
    found = []
    for case in rest_cases():
        asked = re.match(rb"POST /v1/models/(\w+)[^: ]*:predict HTTP", case.request)
        if asked is not None and len(case.responses) == 1:
            body = case.responses[0].body
            text = body.decode(errors="replace") if isinstance(body, bytes) else ""
            found.append((asked[1].decode(), case.responses[0].status, text))
    return found


PREDICTIONS = _predictions()


def test_the_recordings_have_predictions() -> None:
    assert len(PREDICTIONS) > 500


@pytest.mark.parametrize("status", sorted({status for _, status, _ in PREDICTIONS}))
def test_of_all_that_was_recorded_only_the_uninitialised_model_is_bad(status: int) -> None:
    """The models of the recordings are good, whatever was sent to them, but for one."""
    judged = [(model, judge("", Answer(each, body)), body) for model, each, body in PREDICTIONS if each == status]
    assert {model for model, found, _ in judged if found.outcome is BAD} <= {"uninit"}
    if status == 200:
        assert all(found.outcome is GOOD for _, found, _ in judged)
    for model, found, body in judged:
        assert (found.outcome is BAD) == (model == "uninit" and "Could not find variable" in body)


def test_what_the_model_says_is_one_line_that_can_be_printed() -> None:
    found = judge("a request", Answer(500, error("two\nlines \x1b[2J\u202e")))
    assert found == Probed(BAD, "a request: HTTP 500: two lines [2J")
    assert Probed(BAD, "signature a\nb\ud83d is gone").words == "signature a b is gone"
    assert len(Probed(BAD, "x" * 100_000).words) == 2000


def test_a_long_error_is_searched_at_both_ends() -> None:
    for words in (f"Table not initialized{'x' * 2_000_000}", f"{'x' * 2_000_000}Table not initialized"):
        assert judge("a request", Answer(400, error(words))).outcome is BAD
    hidden = f"{'x' * 1_000_000}Table not initialized{'x' * 1_000_000}"
    assert judge("a request", Answer(400, error(hidden))).outcome is UNPROVEN


def test_an_error_of_very_many_values_is_not_decoded() -> None:
    answer = Answer(500, '{"error": "x", "more": [' + "{}," * 200_000 + "{}]}")
    assert judge("a request", answer).words == "a request: HTTP 500, without an error of TensorFlow Serving"
