"""Where models are stored: a URI leads to the store that has the model; one module or folder for each store."""
