"""What a real TensorFlow Serving answered, as typed values, and the models that it served."""
