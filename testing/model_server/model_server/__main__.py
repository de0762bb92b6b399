"""Runs the double from a checkout: `PYTHONPATH=testing/model_server python -m model_server --port=8500 …`."""

from model_server.main import main

if __name__ == "__main__":
    main()
