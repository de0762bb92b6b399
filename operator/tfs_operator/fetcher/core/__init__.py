"""What every part of the fetcher uses: sources, storage settings, errors, threads, formatting."""
