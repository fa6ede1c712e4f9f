// From the ground program to the factor graph.
#pragma once

#include <cstdint>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "emnesy/factor_graph.hpp"
#include "emnesy/functional.hpp"
#include "emnesy/ground_program.hpp"
#include "emnesy/numbers.hpp"

namespace emnesy {

// What an example may observe, in terms of atoms. Slot s has the atoms slot_atom[begin[s] .. begin[s + 1]];
// functional: label l says that the l-th is true and the others are false; otherwise there is one atom
// and the labels are false and true.
struct EvidenceSlots {
  std::vector<std::int64_t> begin{0};
  std::vector<AtomId> atom;
  std::vector<std::uint8_t> functional;
};

struct Lowered {
  FactorGraph graph;
  // An atom is true where its variable has this value (or, negated, where it has not). Variable -1: not
  // lowered (atoms that structured factors make superfluous, Condition atoms of programs that need none).
  std::vector<std::int32_t> atom_variable, atom_value;
  std::vector<std::uint8_t> atom_negated;
};

// The program has something that no factor graph can hold.
class NotLowerable : public std::runtime_error {
 public:
  enum class Reason { Cycle, Computed };
  NotLowerable(Reason why, std::vector<AtomId> culprits)
      : std::runtime_error("the ground program has no factor graph"), reason(why), atoms(std::move(culprits)) {}
  Reason reason;
  std::vector<AtomId> atoms;
};

// Atoms that one group proves exclusive become one variable; atoms that only rename a value of one variable
// become that value; the rules for one variable become one sparse table where it is small enough, and
// chains of conjunctions and disjunctions otherwise. Tables that share two variables or more are joined
// while the result stays small, so that deterministic functions of the same arguments are one factor.
//
// Throws NotLowerable for positive cycles and for computed cells.
// impossible: the program states evidence that no atom can satisfy.
// structured: wide disjunctions, constraints that are cliques of inequalities and the like become structured factors, and an
// observed conjunction of constraints the gate; except where tables alone make a graph without loops and structured factors
// do not. folds: aggregates of an expanded program (emnesy/numbers.hpp), which become sums, minima and maxima.
// Otherwise all factors are tables and there is no gate. without_loops: whether a graph counts as one without loops.
Lowered lower(const GroundProgram& program, const FunctionalDependencies& dependencies, const EvidenceSlots& slots,
              bool impossible = false, bool structured = true, const std::vector<NumberFold>& folds = {},
              const std::function<bool(const FactorGraph&)>& without_loops = &FactorGraph::is_forest);

}  // namespace emnesy
