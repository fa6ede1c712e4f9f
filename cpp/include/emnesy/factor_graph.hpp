// The factor graph: multi-valued variables, unary priors of the choices, and factors over them.
//
// Immutable once built; shared by any number of engine calls and threads.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace emnesy {

// A factor of any kind but Table is *structured*: it says of a joint value 1 or 0, by a rule that needs no list of tuples,
// and has a value map a scope position that gives each of the variable's values its meaning. "Result": the last variable
// of the scope; "inputs": the others. The rules of all kinds, and how fast their messages are: cpp/src/factors/README.md.
enum class FactorKind : std::uint8_t {
  Table,         // sparse list of allowed tuples, each with a weight
  NotEqual,      // two variables; values -> symbols; they differ. -1: a value that differs from all
  AllDifferent,  // values -> symbols, at most 16; no two variables have the same
  Equal,         // values -> symbols; all variables have the same
  Disjunction,   // values -> {0, 1}, "literal holds"; the result holds exactly where some term does
  Clause,        // values -> {0, 1}; some term holds. No result: every variable is an input
  Sum,           // inputs: values -> numbers from 0; result: the number it stands for, -1: none
  Minimum,       // inputs: values -> ranks from 0, -1: takes no part; result: the least rank that takes part,
  Maximum,       //   -1: nobody takes part, -2: stands for nothing. Maximum: the greatest
};

constexpr std::int32_t all_different_limit = 16;  // symbols of an AllDifferent factor at most

struct FactorGraph {
  // Variables. Values are 0 .. cardinality-1. The first choice_count variables are the choices, in the
  // ground program's order; a choice's values are its alternatives in order, then "none" where it has
  // one. Then come derived cells; a Boolean cell is {false, true}.
  std::vector<std::int32_t> cardinality;
  std::vector<std::string> variable_name;
  std::int32_t choice_count = 0;
  std::vector<std::uint8_t> choice_has_none;

  // Factors, CSR over scope positions.
  std::vector<FactorKind> factor_kind;
  std::vector<std::int64_t> scope_begin{0};
  std::vector<std::int32_t> scope;  // variable ids, no variable twice in one factor

  // Table factors: tuples row-major, arity = scope length, columns in scope order. Tuples that are not
  // listed have weight zero; no tuple is listed twice. unit_weight: all weights are one (weights unused).
  std::vector<std::int64_t> tuple_begin{0};        // first tuple of factor f (in tuples, not values)
  std::vector<std::int64_t> tuple_value_begin{0};  // first value of factor f in tuple_value
  std::vector<std::int32_t> tuple_value;
  std::vector<double> tuple_weight;                // parallel to tuples, or empty when every factor is unit
  std::vector<std::uint8_t> unit_weight;

  // Slicing by evidence: tuples of factor f are sorted by the value at scope position slice_position[f]
  // (-1: none), and slice_begin[slice_offset[f] + v] .. [.. + v + 1] are the tuples (relative to
  // tuple_begin[f]) with value v there.
  std::vector<std::int32_t> slice_position;
  std::vector<std::int64_t> slice_offset;  // per factor, into slice_begin
  std::vector<std::int32_t> slice_begin;

  // Structured factors. value_map holds, from value_map_begin[f] on, the value maps of factor f's scope positions one after
  // the other, each with an entry a value. parameter, from parameter_begin[f] on:
  //   NotEqual, AllDifferent, Equal: the number of symbols; Minimum, Maximum: the number of ranks
  //   Sum: the greatest sum
  //   Disjunction, Clause: per term, its number of literals; terms are conjunctions of consecutive inputs
  // Tables have neither; both *_begin may be left as they are where all factors are tables.
  std::vector<std::int64_t> value_map_begin{0};
  std::vector<std::int32_t> value_map;
  std::vector<std::int64_t> parameter_begin{0};
  std::vector<std::int32_t> parameter;

  // The gate: a Boolean cell (1: open) in no factor's scope, equal to "every gated factor allows the joint value". Where an
  // example observes it as true its factors count, where it does not they are left out; see docs/engines.md. -1: none.
  // gated: a byte a factor, or empty.
  std::int32_t gate_variable = -1;
  std::vector<std::uint8_t> gated;

  // Evidence slots: what one example may observe. Slot s speaks of variable slot_variable[s]; label l
  // allows the values whose byte is set in slot_mask[slot_mask_begin[s] + l * cardinality + value].
  std::vector<std::int32_t> slot_variable;
  std::vector<std::int32_t> slot_label_count;
  std::vector<std::int64_t> slot_mask_begin;
  std::vector<std::uint8_t> slot_mask;

  // Evidence that the program itself fixes: (variable, allowed values), applied to every example.
  // impossible: the program contradicts itself whatever the choices are.
  std::vector<std::int32_t> fixed_variable;
  std::vector<std::int64_t> fixed_mask_begin;
  std::vector<std::uint8_t> fixed_mask;
  bool impossible = false;

  // Queries: events "variable has a value in mask", whose marginal probability is reported.
  std::vector<std::int32_t> query_variable;
  std::vector<std::int64_t> query_mask_begin;
  std::vector<std::uint8_t> query_mask;

  std::size_t variable_count() const { return cardinality.size(); }
  std::size_t factor_count() const { return factor_kind.size(); }
  bool is_gated(std::size_t factor) const { return !gated.empty() && gated[factor] != 0; }
  const std::int32_t* value_maps(std::size_t factor) const { return value_map.data() + value_map_begin[factor]; }

  void verify() const;      // throws std::logic_error naming the first invariant that does not hold
  bool is_forest() const;   // no loops: message passing in two passes is exact
  std::string dump() const;
};

}  // namespace emnesy
