"""The ground floor: types, errors, options, log and timings. Standard library only; everybody imports it."""
