#include "simulator/terms.hpp"

#include <algorithm>
#include <cmath>
#include <cstring>
#include <utility>

namespace emnesy::simulator {
namespace {

constexpr const char* names[] = {"constant", "number", "+",   "-",     "*",    "/",     "//",   "mod",      "rem",  "**",
                                 "min",      "max",    "/\\", "\\/",   "xor",  "<<",    ">>",   "-",        "+",    "abs",
                                 "sign",     "floor",  "ceil", "round", "truncate", "sqrt", "exp", "log"};

// The operator of an arithmetic functor; Constant where there is none.
TermOp operator_of(const std::string& functor, std::size_t arity) {
  static const std::map<std::string, TermOp> other_names = {
      {"^", TermOp::Power}, {"ceiling", TermOp::Ceil}, {"integer", TermOp::Round}, {"float", TermOp::Plus}};
  const auto other = other_names.find(functor);
  if (other != other_names.end()) return is_unary(other->second) == (arity == 1) ? other->second : TermOp::Constant;
  const auto first = static_cast<std::size_t>(arity == 1 ? TermOp::Negate : TermOp::Add);
  const auto last = static_cast<std::size_t>(arity == 1 ? TermOp::Logarithm : TermOp::ShiftRight);
  for (std::size_t op = first; op <= last; ++op) {
    if (functor == names[op]) return static_cast<TermOp>(op);
  }
  return TermOp::Constant;
}

}  // namespace

const char* name_of(TermOp op) { return names[static_cast<std::size_t>(op)]; }

std::int32_t Terms::add(TermOp op, std::int32_t left, std::int32_t right, double value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof bits);
  const auto [place, fresh] = known_.try_emplace({op, left, right, bits}, static_cast<std::int32_t>(out_.term_op.size()));
  if (fresh) {
    out_.term_op.push_back(op);
    out_.term_left.push_back(left);
    out_.term_right.push_back(right);
    out_.term_constant.push_back(value);
  }
  return place->second;
}

std::int32_t Terms::constant(double value) { return add(TermOp::Constant, -1, -1, value); }

std::int32_t Terms::of(ValueId value) {
  const auto known = of_value_.find(value);
  if (known != of_value_.end()) return known->second;
  std::int32_t term = -1;
  switch (values_.kind(value)) {
    case ValueKind::Integer: term = constant(static_cast<double>(values_.as_integer(value))); break;
    case ValueKind::Float: term = constant(values_.as_real(value)); break;
    case ValueKind::Cell: term = number(static_cast<std::int32_t>(values_.as_integer(value))); break;
    case ValueKind::Compound: {
      const std::size_t arity = values_.argument_count(value);
      const TermOp op = arity == 1 || arity == 2 ? operator_of(values_.text(value), arity) : TermOp::Constant;
      if (op == TermOp::Constant) break;
      const std::int32_t left = of(values_.argument(value, 0));
      term = apply(op, left, arity == 2 ? of(values_.argument(value, 1)) : -1);
      break;
    }
    default: break;
  }
  if (term < 0) term = constant(std::numeric_limits<double>::quiet_NaN());
  of_value_.emplace(value, term);
  return term;
}

std::vector<std::int32_t> Terms::numbers(std::int32_t term) const {
  std::vector<std::int32_t> found, work{term};
  while (!work.empty()) {
    const std::int32_t t = work.back();
    work.pop_back();
    const TermOp op = out_.term_op[t];
    if (op == TermOp::Number) found.push_back(out_.term_left[t]);
    if (is_unary(op) || is_binary(op)) work.push_back(out_.term_left[t]);
    if (is_binary(op)) work.push_back(out_.term_right[t]);
  }
  std::sort(found.begin(), found.end());
  found.erase(std::unique(found.begin(), found.end()), found.end());
  return found;
}

bool Terms::needs(std::int32_t term, std::int32_t number) const {
  const TermOp op = out_.term_op[term];
  if (op == TermOp::Number) return out_.term_left[term] == number;
  if (op == TermOp::Constant || op == TermOp::Power) return false;
  return needs(out_.term_left[term], number) || (is_binary(op) && needs(out_.term_right[term], number));
}

}  // namespace emnesy::simulator
