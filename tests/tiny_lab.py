"""The one task that the labs of the tests have."""

TASK = '''# %% task="double"
def double(x):
    result = ...
    # <solution>
    result = 2 * x
    # </solution>
    return result

# %% check="double"
def problem(double):
    if double(3) != 6:
        return f"Twice three is not {double(3)}."
check(problem, double)
'''
