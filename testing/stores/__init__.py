"""The stores that models come from, as real servers on 127.0.0.1, and faults to put in front of them."""
