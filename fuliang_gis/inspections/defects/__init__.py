"""What is wrong: defects, their measures until closure, disposal, reports of the public."""
