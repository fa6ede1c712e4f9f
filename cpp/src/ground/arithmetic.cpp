#include "arithmetic.hpp"

#include <cmath>
#include <limits>

namespace emnesy {

namespace {

enum Function {
  Add, Subtract, Multiply, Divide, FloorDivide, Modulo, Remainder, Power, Power2, Minimum, Maximum,
  BitAnd, BitOr, BitXor, ShiftLeft, ShiftRight, Negate, Plus, Absolute, Sign, Floor, Ceil, Ceiling,
  Round, Truncate, ToInteger, ToFloat, SquareRoot, Exponential, Logarithm,
};

const std::vector<ArithmeticFunction> kFunctions = {
    {"+", 2},    {"-", 2},     {"*", 2},       {"/", 2},     {"//", 2},   {"mod", 2},
    {"rem", 2},  {"**", 2},    {"^", 2},       {"min", 2},   {"max", 2},  {"/\\", 2},
    {"\\/", 2},  {"xor", 2},   {"<<", 2},      {">>", 2},    {"-", 1},    {"+", 1},
    {"abs", 1},  {"sign", 1},  {"floor", 1},   {"ceil", 1},  {"ceiling", 1}, {"round", 1},
    {"truncate", 1}, {"integer", 1}, {"float", 1}, {"sqrt", 1}, {"exp", 1}, {"log", 1},
};

struct Result {
  bool is_integer;
  std::int64_t integer;
  double real;
  ArithmeticError error;
};

Result of(std::int64_t value) { return {true, value, 0.0, ArithmeticError::None}; }
Result failure(ArithmeticError error) { return {true, 0, 0.0, error}; }
Result of(double value) {
  return std::isfinite(value) ? Result{false, 0, value, ArithmeticError::None}
                              : failure(ArithmeticError::Overflow);
}
Result of(bool overflow, std::int64_t value) {
  return overflow ? failure(ArithmeticError::Overflow) : of(value);
}

// A double with an integral value as an integer.
Result to_integer(double value) {
  // 2^63 is a double; the largest int64 is not.
  if (!(value >= -9223372036854775808.0 && value < 9223372036854775808.0))
    return failure(ArithmeticError::Overflow);
  return of(static_cast<std::int64_t>(value));
}

Result integer_power(std::int64_t base, std::int64_t exponent) {
  if (exponent < 0) {  // as ProbLog: a float
    if (base == 0) return failure(ArithmeticError::DivisionByZero);
    return of(std::pow(static_cast<double>(base), static_cast<double>(exponent)));
  }
  std::int64_t result = 1;
  bool overflow = false;
  while (exponent > 0) {
    if (exponent & 1) overflow = overflow || __builtin_mul_overflow(result, base, &result);
    exponent >>= 1;
    if (exponent > 0) overflow = overflow || __builtin_mul_overflow(base, base, &base);
    if (overflow) return failure(ArithmeticError::Overflow);
  }
  return of(result);
}

Result shift_left(std::int64_t value, std::int64_t count) {
  if (count < 0) return failure(ArithmeticError::Domain);
  if (value == 0) return of(value);
  if (count > 62) return failure(ArithmeticError::Overflow);
  std::int64_t result;
  const bool overflow = __builtin_mul_overflow(value, std::int64_t{1} << count, &result);
  return of(overflow, result);
}

Result on_integers(int function, std::int64_t a, std::int64_t b) {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  std::int64_t r = 0;
  switch (function) {
    case Add: { const bool o = __builtin_add_overflow(a, b, &r); return of(o, r); }
    case Subtract: { const bool o = __builtin_sub_overflow(a, b, &r); return of(o, r); }
    case Multiply: { const bool o = __builtin_mul_overflow(a, b, &r); return of(o, r); }
    case Divide:
      if (b == 0) return failure(ArithmeticError::DivisionByZero);
      return of(static_cast<double>(a) / static_cast<double>(b));
    case FloorDivide:
      if (b == 0) return failure(ArithmeticError::DivisionByZero);
      if (a == least && b == -1) return failure(ArithmeticError::Overflow);
      return of(a / b - ((a % b != 0 && (a < 0) != (b < 0)) ? 1 : 0));
    case Modulo:
      if (b == 0) return failure(ArithmeticError::DivisionByZero);
      if (b == -1) return of(std::int64_t{0});
      r = a % b;
      return of(r != 0 && (r < 0) != (b < 0) ? r + b : r);
    case Remainder:
      if (b == 0) return failure(ArithmeticError::DivisionByZero);
      return of(b == -1 ? std::int64_t{0} : a % b);
    case Power:
    case Power2: return integer_power(a, b);
    case Minimum: return of(a < b ? a : b);
    case Maximum: return of(a > b ? a : b);
    case BitAnd: return of(a & b);
    case BitOr: return of(a | b);
    case BitXor: return of(a ^ b);
    case ShiftLeft: return shift_left(a, b);
    case ShiftRight:
      if (b < 0) return failure(ArithmeticError::Domain);
      return of(a >> (b > 63 ? 63 : b));
    case Negate: return a == least ? failure(ArithmeticError::Overflow) : of(-a);
    case Absolute: return a == least ? failure(ArithmeticError::Overflow) : of(a < 0 ? -a : a);
    case Sign: return of(std::int64_t{(a > 0) - (a < 0)});
    case ToFloat: return of(static_cast<double>(a));
    case SquareRoot:
      return a < 0 ? failure(ArithmeticError::Domain) : of(std::sqrt(static_cast<double>(a)));
    case Exponential: return of(std::exp(static_cast<double>(a)));
    case Logarithm:
      return a <= 0 ? failure(ArithmeticError::Domain) : of(std::log(static_cast<double>(a)));
    default: return of(a);  // Plus, Floor, Ceil, Round, Truncate, ToInteger of an integer
  }
}

// The floor of the exact quotient, which may round to the integer above it: 1 // -(1/3) is -4.
double floor_divide(double a, double b) {
  const double remainder = std::fmod(a, b);
  double quotient = (a - remainder) / b;  // an integer but for rounding
  if (remainder != 0.0 && (remainder < 0.0) != (b < 0.0)) quotient -= 1.0;
  return std::round(quotient);
}

Result on_reals(int function, double a, double b) {
  switch (function) {
    case Add: return of(a + b);
    case Subtract: return of(a - b);
    case Multiply: return of(a * b);
    case Divide: return b == 0.0 ? failure(ArithmeticError::DivisionByZero) : of(a / b);
    case FloorDivide:
      return b == 0.0 ? failure(ArithmeticError::DivisionByZero) : of(floor_divide(a, b));
    case Modulo: {
      if (b == 0.0) return failure(ArithmeticError::DivisionByZero);
      const double r = std::fmod(a, b);
      return of(r != 0.0 && (r < 0.0) != (b < 0.0) ? r + b : r);
    }
    case Power:
    case Power2: {
      if (a == 0.0 && b < 0.0) return failure(ArithmeticError::DivisionByZero);
      if (a < 0.0 && b != std::floor(b)) return failure(ArithmeticError::Domain);
      return of(std::pow(a, b));
    }
    case Negate: return of(-a);
    case Plus:
    case ToFloat: return of(a);
    case Absolute: return of(std::fabs(a));
    case Sign: return of(std::int64_t{(a > 0.0) - (a < 0.0)});
    case Floor: return to_integer(std::floor(a));
    case Ceil:
    case Ceiling: return to_integer(std::ceil(a));
    case Round:
    case ToInteger: return to_integer(std::nearbyint(a));
    case Truncate: return to_integer(std::trunc(a));
    case SquareRoot: return a < 0.0 ? failure(ArithmeticError::Domain) : of(std::sqrt(a));
    case Exponential: return of(std::exp(a));
    case Logarithm: return a <= 0.0 ? failure(ArithmeticError::Domain) : of(std::log(a));
    default: return failure(ArithmeticError::NotAnInteger);
  }
}

}  // namespace

const std::vector<ArithmeticFunction>& arithmetic_functions() { return kFunctions; }

int find_arithmetic_function(const std::string& name, std::size_t arity) {
  for (std::size_t i = 0; i < kFunctions.size(); ++i)
    if (name == kFunctions[i].name && arity == static_cast<std::size_t>(kFunctions[i].arity))
      return static_cast<int>(i);
  return -1;
}

int compare_numbers(const ValueTable& values, ValueId a, ValueId b) {
  const bool integer_a = values.kind(a) == ValueKind::Integer;
  const bool integer_b = values.kind(b) == ValueKind::Integer;
  if (integer_a && integer_b) {
    const std::int64_t x = values.as_integer(a), y = values.as_integer(b);
    return (x > y) - (x < y);
  }
  // A long double holds every int64 exactly on x86-64 and arm64 Linux.
  const long double x = integer_a ? static_cast<long double>(values.as_integer(a)) : values.as_real(a);
  const long double y = integer_b ? static_cast<long double>(values.as_integer(b)) : values.as_real(b);
  return (x > y) - (x < y);
}

bool is_numeric_term(const ValueTable& values, ValueId id) {
  if (values.is_number(id) || values.kind(id) == ValueKind::Cell) return true;
  return values.kind(id) == ValueKind::Compound && values.is_symbolic(id) &&
         find_arithmetic_function(values.text(id), values.argument_count(id)) >= 0;
}

ValueId apply_arithmetic(ValueTable& values, int function, const ValueId* operands,
                         ArithmeticError& error) {
  const ArithmeticFunction& entry = kFunctions[static_cast<std::size_t>(function)];
  const auto count = static_cast<std::size_t>(entry.arity);
  bool symbolic = false;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_numeric_term(values, operands[i])) {
      error = ArithmeticError::NotANumber;
      return operands[i];
    }
    symbolic = symbolic || values.is_symbolic(operands[i]);
  }
  error = ArithmeticError::None;
  if (function == Plus) return operands[0];
  if (symbolic) return values.compound(values.symbol(entry.name), operands, count);

  const ValueId first = operands[0], second = operands[count - 1];
  if (function == Minimum || function == Maximum) {  // keeps the operand's own type
    const int order = compare_numbers(values, first, second);
    const bool take_first = function == Minimum ? order <= 0 : order >= 0;
    return take_first ? first : second;
  }
  const bool integers =
      values.kind(first) == ValueKind::Integer && values.kind(second) == ValueKind::Integer;
  const Result result = integers
                            ? on_integers(function, values.as_integer(first), values.as_integer(second))
                            : on_reals(function, values.as_real(first), values.as_real(second));
  error = result.error;
  if (error != ArithmeticError::None) return first;
  return result.is_integer ? values.integer(result.integer) : values.real(result.real);
}

}  // namespace emnesy
