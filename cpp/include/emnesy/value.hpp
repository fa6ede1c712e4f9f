// Ground terms, interned: equal terms have equal ids.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

namespace emnesy {

using ValueId = std::uint32_t;

enum class ValueKind : std::uint8_t {
  Integer,   // payload: the integer
  Float,     // payload: bits of the double
  Symbol,    // payload: index into texts
  String,    // payload: index into texts
  Compound,  // functor (a Symbol's text) and arguments; lists are '[|]'(Head, Tail) and '[]'
  Cell,      // payload: id of a computed cell; stands for "whatever number that cell has in a world"
};

// A computed cell's value is not known while grounding. Arithmetic over one builds a Compound whose
// functor is the operator ('+', '*', 'min', ...) and whose leaves are numbers and cells; such a term
// is called *symbolic* (see is_symbolic) and is evaluated once per world.
class ValueTable {
 public:
  ValueId integer(std::int64_t value);
  ValueId real(double value);
  ValueId symbol(const std::string& text);
  ValueId string(const std::string& text);
  ValueId compound(const std::string& functor, const std::vector<ValueId>& arguments);
  ValueId cell(std::int32_t cell);

  std::size_t size() const { return kinds_.size(); }
  ValueKind kind(ValueId id) const { return kinds_[id]; }
  std::int64_t as_integer(ValueId id) const { return payload_[id]; }
  double as_real(ValueId id) const;    // Integer or Float
  const std::string& text(ValueId id) const;                // Symbol, String, or a Compound's functor
  std::size_t argument_count(ValueId id) const { return argument_end_[id] - argument_begin_[id]; }
  ValueId argument(ValueId id, std::size_t index) const { return arguments_[argument_begin_[id] + index]; }
  bool is_number(ValueId id) const { return kinds_[id] == ValueKind::Integer || kinds_[id] == ValueKind::Float; }
  bool is_symbolic(ValueId id) const { return symbolic_[id] != 0; }

  // Standard order of terms (ISO 7.2): numbers by value (float before int on a tie), symbols, strings,
  // compounds by arity, functor, arguments. Negative, zero or positive.
  int compare(ValueId a, ValueId b) const;
  std::string format(ValueId id) const;  // as it would be written in a program

 private:
  ValueId add(ValueKind kind, std::int64_t payload);
  std::int32_t intern_text(const std::string& text);

  std::vector<ValueKind> kinds_;
  std::vector<std::int64_t> payload_;
  std::vector<std::uint8_t> symbolic_;
  std::vector<std::uint32_t> argument_begin_, argument_end_;
  std::vector<ValueId> arguments_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::int32_t> text_ids_;
  std::unordered_map<std::int64_t, ValueId> integer_ids_;
  std::unordered_map<std::int64_t, ValueId> real_ids_;
  std::unordered_map<std::int32_t, ValueId> symbol_ids_, string_ids_, cell_ids_;
  std::unordered_multimap<std::size_t, ValueId> compound_ids_;
};

}  // namespace emnesy
