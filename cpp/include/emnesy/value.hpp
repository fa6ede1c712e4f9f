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
  // The same with the functor given as a Symbol.
  ValueId compound(ValueId functor, const ValueId* arguments, std::size_t count);
  ValueId cell(std::int32_t cell);

  std::size_t size() const { return kinds_.size(); }
  ValueKind kind(ValueId id) const { return kinds_[id]; }
  std::int64_t as_integer(ValueId id) const { return payload_[id]; }
  double as_real(ValueId id) const;    // Integer or Float
  // Equal for two values exactly where text() is; cheaper to compare.
  std::int64_t text_index(ValueId id) const { return payload_[id]; }
  const std::string& text(ValueId id) const;                // Symbol, String, or a Compound's functor
  std::size_t argument_count(ValueId id) const { return argument_end_[id] - argument_begin_[id]; }
  ValueId argument(ValueId id, std::size_t index) const { return arguments_[argument_begin_[id] + index]; }
  bool is_number(ValueId id) const { return kinds_[id] == ValueKind::Integer || kinds_[id] == ValueKind::Float; }
  bool is_symbolic(ValueId id) const { return symbolic_[id] != 0; }
  // Nesting of compounds; a list is as deep as it is long. Functions on terms recurse, so whoever builds terms stops
  // at max_depth.
  std::uint32_t depth(ValueId id) const { return depth_[id]; }
  static constexpr std::uint32_t max_depth = 10000;

  // Standard order of terms (ISO 7.2): numbers by value (float before int on a tie), symbols, strings,
  // compounds by arity, functor, arguments. Negative, zero or positive.
  int compare(ValueId a, ValueId b) const;
  std::string format(ValueId id) const;  // as it would be written in a program
  static std::string format_symbol(const std::string& text);  // quoted where it must be

 private:
  ValueId add(std::size_t slot, ValueKind kind, std::int64_t payload);
  // The slot of `interned_` that holds the value, or the empty one where it belongs.
  std::size_t find(ValueKind kind, std::int64_t payload, const ValueId* arguments, std::size_t count);
  std::size_t hash_of(ValueId id) const;
  void grow();
  std::int32_t intern_text(const std::string& text);

  std::vector<ValueKind> kinds_;
  std::vector<std::int64_t> payload_;
  std::vector<std::uint8_t> symbolic_;
  std::vector<std::uint32_t> depth_;
  std::vector<std::uint32_t> argument_begin_, argument_end_;
  std::vector<ValueId> arguments_;
  std::vector<std::string> texts_;
  std::unordered_map<std::string, std::int32_t> text_ids_;
  std::vector<ValueId> interned_;  // open addressing; empty slots hold 0xffffffff
};

}  // namespace emnesy
