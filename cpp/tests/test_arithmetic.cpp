// Arithmetic against ProbLog's conventions (figures from ProbLog 2) and at the ends of int64.
#include <catch2/catch.hpp>

#include <limits>

#include "ground/arithmetic.hpp"

using namespace emnesy;

namespace {

struct Calculator {
  ValueTable values;
  ArithmeticError error = ArithmeticError::None;

  std::string operator()(const char* name, std::vector<ValueId> operands) {
    const ValueId result =
        apply_arithmetic(values, find_arithmetic_function(name, operands.size()), operands.data(), error);
    return error == ArithmeticError::None ? values.format(result) : "error";
  }
  ValueId i(std::int64_t x) { return values.integer(x); }
  ValueId r(double x) { return values.real(x); }
};

}  // namespace

TEST_CASE("arithmetic follows ProbLog") {
  Calculator c;
  CHECK(c("/", {c.i(7), c.i(2)}) == "3.5");
  CHECK(c("/", {c.i(6), c.i(2)}) == "3.0");
  CHECK(c("//", {c.i(-7), c.i(2)}) == "-4");
  CHECK(c("//", {c.i(7), c.i(-2)}) == "-4");
  CHECK(c("mod", {c.i(-7), c.i(3)}) == "2");
  CHECK(c("mod", {c.i(7), c.i(-3)}) == "-2");
  CHECK(c("**", {c.i(2), c.i(3)}) == "8");
  CHECK(c("**", {c.r(2), c.i(2)}) == "4.0");
  CHECK(c("round", {c.r(2.5)}) == "2");
  CHECK(c("round", {c.r(3.5)}) == "4");
  CHECK(c("floor", {c.r(-2.5)}) == "-3");
  CHECK(c("sign", {c.r(-2.5)}) == "-1");
  CHECK(c("min", {c.i(1), c.r(1.0)}) == "1");
  CHECK(c("xor", {c.i(5), c.i(3)}) == "6");
  CHECK(c(">>", {c.i(-8), c.i(1)}) == "-4");
  CHECK(c("sqrt", {c.i(4)}) == "2.0");
}

TEST_CASE("overflow and undefined results are errors") {
  constexpr std::int64_t least = std::numeric_limits<std::int64_t>::min();
  constexpr std::int64_t greatest = std::numeric_limits<std::int64_t>::max();
  Calculator c;
  const auto fails = [&](const char* name, std::vector<ValueId> operands, ArithmeticError error) {
    INFO(name);
    CHECK(c(name, operands) == "error");
    CHECK(c.error == error);
  };
  fails("+", {c.i(greatest), c.i(1)}, ArithmeticError::Overflow);
  fails("-", {c.i(least), c.i(1)}, ArithmeticError::Overflow);
  fails("*", {c.i(greatest), c.i(2)}, ArithmeticError::Overflow);
  fails("//", {c.i(least), c.i(-1)}, ArithmeticError::Overflow);
  fails("-", {c.i(least)}, ArithmeticError::Overflow);
  fails("abs", {c.i(least)}, ArithmeticError::Overflow);
  fails("**", {c.i(2), c.i(63)}, ArithmeticError::Overflow);
  fails("<<", {c.i(1), c.i(63)}, ArithmeticError::Overflow);
  fails("floor", {c.r(1e300)}, ArithmeticError::Overflow);
  fails("exp", {c.i(1000)}, ArithmeticError::Overflow);
  fails("/", {c.i(1), c.i(0)}, ArithmeticError::DivisionByZero);
  fails("mod", {c.i(1), c.i(0)}, ArithmeticError::DivisionByZero);
  fails("sqrt", {c.i(-1)}, ArithmeticError::Domain);
  fails("log", {c.i(0)}, ArithmeticError::Domain);
  fails("<<", {c.i(1), c.i(-1)}, ArithmeticError::Domain);
  fails("+", {c.values.symbol("a"), c.i(1)}, ArithmeticError::NotANumber);
  fails("xor", {c.r(1), c.i(1)}, ArithmeticError::NotAnInteger);
  CHECK(c("**", {c.i(-2), c.i(63)}) == std::to_string(least));
  CHECK(c("mod", {c.i(least), c.i(-1)}) == "0");
}

TEST_CASE("a cell makes a symbolic term") {
  Calculator c;
  CHECK(c("+", {c.values.cell(3), c.i(1)}) == "#3+1");
  CHECK(c("+", {c.values.cell(3)}) == "#3");
}

TEST_CASE("integers and floats compare exactly") {
  Calculator c;
  CHECK(compare_numbers(c.values, c.i(1), c.r(1.0)) == 0);
  CHECK(compare_numbers(c.values, c.i((std::int64_t{1} << 53) + 1), c.r(9007199254740992.0)) > 0);
}
