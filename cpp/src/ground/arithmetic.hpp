// Arithmetic on ground terms: 64-bit integers with overflow detection, and doubles.
//
// Where Prologs differ this follows ProbLog: `/` always gives a float, `//` and `mod` round towards minus
// infinity, `round` takes ties to the even integer, `sign` gives an integer.
#pragma once

#include <string>
#include <vector>

#include "emnesy/value.hpp"

namespace emnesy {

enum class ArithmeticError : std::uint8_t {
  None,
  Overflow,        // the result is no 64-bit integer, or no finite double
  DivisionByZero,
  NotANumber,      // an operand is a symbol, a string or a compound
  NotAnInteger,    // an operand of an integer function is a float
  Domain,          // sqrt(-1), log(0), a negative shift
  UnknownFunction,
};

struct ArithmeticFunction {
  const char* name;
  int arity;
};

// All functions; a plan names one by its index here.
const std::vector<ArithmeticFunction>& arithmetic_functions();

// Index of a function, or -1.
int find_arithmetic_function(const std::string& name, std::size_t arity);

// Applies function `function` to `operands` (its arity many). A symbolic operand gives the symbolic
// compound. Sets `error` and returns an unspecified value where there is no result.
ValueId apply_arithmetic(ValueTable& values, int function, const ValueId* operands,
                         ArithmeticError& error);

// Compares two numbers exactly: negative, zero or positive.
int compare_numbers(const ValueTable& values, ValueId a, ValueId b);

// May a symbolic term stand where a number must? True for cells and arithmetic over them.
bool is_numeric_term(const ValueTable& values, ValueId id);

}  // namespace emnesy
