"""Downloads files in parallel, resumes what was interrupted, and checks what has arrived."""
