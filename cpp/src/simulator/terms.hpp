// Expressions over numbers, interned: equal terms have equal indices.
#pragma once

#include <map>
#include <tuple>
#include <vector>

#include "emnesy/simulator.hpp"

namespace emnesy::simulator {

class Terms {
 public:
  Terms(const ValueTable& values, Simulator& out) : values_(values), out_(out) {}

  std::int32_t constant(double value);
  std::int32_t number(std::int32_t number) { return add(TermOp::Number, number, -1, 0.0); }
  std::int32_t apply(TermOp op, std::int32_t left, std::int32_t right = -1) { return add(op, left, right, 0.0); }

  // The term of a value: a number, a cell, or arithmetic over these. Anything else has no value (NaN).
  std::int32_t of(ValueId value);

  bool is_constant(std::int32_t term) const { return out_.term_op[term] == TermOp::Constant; }
  bool is_number(std::int32_t term) const { return out_.term_op[term] == TermOp::Number; }
  // Numbers in the term, each once, ascending.
  std::vector<std::int32_t> numbers(std::int32_t term) const;
  // Has the term no value in every world where `number` has none? (Powers may ignore an argument.)
  bool needs(std::int32_t term, std::int32_t number) const;

 private:
  std::int32_t add(TermOp op, std::int32_t left, std::int32_t right, double value);

  const ValueTable& values_;
  Simulator& out_;
  std::map<std::tuple<TermOp, std::int32_t, std::int32_t, std::uint64_t>, std::int32_t> known_;
  std::map<ValueId, std::int32_t> of_value_;
};

inline bool is_unary(TermOp op) { return op >= TermOp::Negate; }
inline bool is_binary(TermOp op) { return op >= TermOp::Add && op < TermOp::Negate; }
const char* name_of(TermOp op);

}  // namespace emnesy::simulator
