"""What people would use instead, each as an expert in it would write it. None of it is part of the product."""
