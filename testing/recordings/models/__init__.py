"""The SavedModels that the recorded server served; some are damaged on purpose."""
