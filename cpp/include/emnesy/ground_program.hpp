// The ground program: what is left of a program when all variables are gone.
//
// Flat arrays throughout; *_begin arrays are CSR offsets of length n + 1. See cpp/src/ground/README.md
// for the invariants, which verify() checks.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "emnesy/growing.hpp"
#include "emnesy/value.hpp"

namespace emnesy {

using AtomId = std::int32_t;
using Literal = std::int32_t;  // 2 * atom, plus 1 when negated

constexpr Literal literal(AtomId atom, bool negated) { return 2 * atom + (negated ? 1 : 0); }
constexpr AtomId literal_atom(Literal lit) { return lit >> 1; }
constexpr bool literal_negated(Literal lit) { return (lit & 1) != 0; }

enum class AtomKind : std::uint8_t {
  Derived,    // true when one of its rules fires
  Certain,    // true in every world; never appears in a rule body
  Choice,     // "choice c takes alternative k": atom_first = c, atom_second = k, no predicate
  Condition,  // a comparison over computed cells: atom_predicate = operator, two arguments (terms)
};

enum class ChoiceKind : std::uint8_t { Fixed, Learned, Neural };

enum class Aggregate : std::uint8_t { None, Count, Sum, Min, Max, Average, ArgMin, ArgMax, Any, All };

// Comparison operators of Condition atoms, in the order of their ids in atom_predicate.
enum class Comparison : std::int32_t { Equal, NotEqual, Less, LessEqual, Greater, GreaterEqual };

struct GroundProgram {
  ValueTable values;

  // Predicates. aggregate != None: every rule of the predicate is an aggregate contribution.
  std::vector<std::string> predicate_name;
  std::vector<std::int32_t> predicate_arity;
  std::vector<Aggregate> predicate_aggregate;
  std::vector<std::int32_t> predicate_aggregate_position;  // argument that holds the result, or -1

  // Atoms. An atom of a count/sum/min/max/average predicate has a Cell value at the aggregate's position: it
  // is true where the group is not empty, and the cell's number is the result. Argmin and argmax atoms
  // have the candidate term there: true where that candidate wins.
  std::vector<AtomKind> atom_kind;
  std::vector<std::int32_t> atom_predicate;  // -1 for Choice
  std::vector<std::int64_t> atom_argument_begin{0};
  std::vector<ValueId> atom_argument;
  std::vector<std::int32_t> atom_first, atom_second;  // Choice: choice, alternative; else -1

  // Choices: independent categorical variables. Alternatives are consecutive atoms.
  std::vector<ChoiceKind> choice_kind;
  std::vector<std::int32_t> choice_origin;            // index of the source rule
  std::vector<std::int64_t> choice_key_begin{0};      // the substitution that names this instance
  std::vector<ValueId> choice_key;
  std::vector<std::int64_t> choice_alternative_begin{0};
  std::vector<AtomId> choice_alternative;             // Choice atoms
  std::vector<double> choice_probability;             // parallel to choice_alternative; NaN for Neural
  // An implicit "none of these" outcome takes what the alternatives leave. False only for neural
  // categorical predicates and for fixed probabilities that sum to one.
  std::vector<std::uint8_t> choice_has_none;

  // Rules. Bodies hold only atoms that are neither Certain nor impossible. contribution: the term that
  // an aggregate rule contributes (its expression, possibly symbolic), else no_value; witness: argmin's
  // and argmax's candidate term.
  static constexpr ValueId no_value = 0xffffffffu;
  Growing<AtomId> rule_head;   // for an aggregate: the group's atom (argmin: the candidate's atom)
  Growing<std::int64_t> rule_body_begin{0};
  Growing<Literal> rule_body;
  Growing<std::int32_t> rule_origin;  // index of the source rule
  Growing<ValueId> rule_contribution;
  Growing<ValueId> rule_witness;

  // Computed cells: cell -> the atom that carries it.
  std::vector<AtomId> cell_atom;

  // Constraints: bodies none of which may hold.
  std::vector<std::int64_t> constraint_begin{0};
  std::vector<Literal> constraint_body;
  std::vector<std::int32_t> constraint_origin;

  // What can be seen. A query or evidence atom that cannot be true is absent here and listed by the
  // caller as impossible.
  std::vector<Literal> evidence;
  std::vector<AtomId> queries;
  std::vector<std::int32_t> observed_predicates;

  std::size_t atom_count() const { return atom_kind.size(); }
  std::size_t rule_count() const { return rule_head.size(); }
  std::size_t choice_count() const { return choice_kind.size(); }

  // Throws std::logic_error naming the first invariant that does not hold.
  void verify() const;
  std::string format_atom(AtomId atom) const;
  std::string dump() const;
};

}  // namespace emnesy
