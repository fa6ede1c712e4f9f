// Functional dependencies of a ground program: which atoms are the values of one multi-valued variable.
#pragma once

#include <cstdint>
#include <vector>

#include "emnesy/ground_program.hpp"

namespace emnesy {

// A group is a set of atoms of one predicate that agree in every argument but one, and of which no world
// makes two true. Only groups of at least two atoms are listed.
struct FunctionalDependencies {
  std::vector<std::int32_t> atom_group;     // group of an atom, or -1
  std::vector<std::int64_t> group_begin{0};
  std::vector<AtomId> group_atom;           // in standard order of the values
  std::vector<std::int32_t> group_position; // the argument that holds the value

  // Per predicate: the argument that the others determine, or -1. Proved for every key.
  std::vector<std::int32_t> value_position;

  // Per predicate: the first pair of atoms found that agree in all arguments but the preferred one and
  // may hold together, or (-1, -1). What a refuted `type` declaration shows.
  std::vector<AtomId> conflict_first, conflict_second;

  std::size_t group_count() const { return group_position.size(); }
};

// preferred_position: per predicate the argument to try first (a neural predicate's output, a `type`
// declaration), or -1. Without a preference the last argument is tried first, then the others.
//
// Method: atoms are taken in dependency order. The rules for the atoms of a candidate group are split on a
// variable whose value every one of them fixes, and the parts are split again, until all rules of a part have
// the same head; where no such variable exists, rules are compared pair by pair for contradicting literals.
FunctionalDependencies find_functional_dependencies(const GroundProgram& program,
                                                    const std::vector<std::int32_t>& preferred_position);

}  // namespace emnesy
