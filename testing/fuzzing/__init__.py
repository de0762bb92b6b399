"""What the fuzz tier is made of: strategies for hostile input, and a runner that repeats it with other input."""
