// Interning and order of terms.
#include <catch2/catch.hpp>

#include "emnesy/value.hpp"

using namespace emnesy;

TEST_CASE("equal terms have equal ids, different kinds different ones") {
  ValueTable values;
  const ValueId one = values.integer(1);
  CHECK(values.integer(1) == one);
  CHECK(values.real(1.0) != one);
  CHECK(values.symbol("a") != values.string("a"));
  CHECK(values.real(-0.0) == values.real(0.0));
  CHECK(values.compound("f", {one}) == values.compound("f", {one}));
  CHECK(values.compound("f", {one}) != values.compound("f", {one, one}));
  CHECK(values.compound("f", {one}) != values.compound("g", {one}));
}

TEST_CASE("ids survive growth of the table") {
  ValueTable values;
  std::vector<ValueId> ids;
  for (int i = 0; i < 20000; ++i) ids.push_back(values.compound("f", {values.integer(i), values.symbol("x")}));
  for (int i = 0; i < 20000; ++i) {
    CHECK(values.compound("f", {values.integer(i), values.symbol("x")}) == ids[static_cast<std::size_t>(i)]);
    CHECK(values.as_integer(values.argument(ids[static_cast<std::size_t>(i)], 0)) == i);
  }
}

TEST_CASE("terms over cells are symbolic") {
  ValueTable values;
  const ValueId sum = values.compound("+", {values.cell(0), values.integer(1)});
  CHECK(values.is_symbolic(sum));
  CHECK(values.is_symbolic(values.compound("f", {sum})));
  CHECK_FALSE(values.is_symbolic(values.compound("f", {values.integer(1)})));
}

TEST_CASE("standard order: numbers, symbols, strings, compounds by arity, functor, arguments") {
  ValueTable v;
  const std::vector<ValueId> sorted = {
      v.integer(-3), v.real(1.0),  v.integer(1), v.real(1.5), v.symbol("a"), v.symbol("b"),
      v.string("a"), v.compound("z", {v.integer(1)}), v.compound("a", {v.integer(1), v.integer(2)}),
      v.compound("a", {v.integer(2), v.integer(0)}), v.compound("b", {v.integer(0), v.integer(0)})};
  for (std::size_t i = 0; i < sorted.size(); ++i)
    for (std::size_t j = 0; j < sorted.size(); ++j) {
      const int order = v.compare(sorted[i], sorted[j]);
      CHECK((order > 0) - (order < 0) == (i > j) - (i < j));
    }
}

TEST_CASE("terms are written so that they read back") {
  ValueTable v;
  CHECK(v.format(v.symbol("sun")) == "sun");
  CHECK(v.format(v.symbol("New York")) == "'New York'");
  CHECK(v.format(v.real(2.0)) == "2.0");
  CHECK(v.format(v.real(0.1)) == "0.1");
  CHECK(v.format(v.compound("*", {v.compound("+", {v.integer(1), v.cell(0)}), v.integer(2)})) == "(1+#0)*2");
  CHECK(v.format(v.compound("f", {v.integer(-1), v.symbol("a")})) == "f(-1,a)");
}
