// Computed numbers that take few values, as exclusive atoms.
#pragma once

#include <optional>
#include <vector>

#include "emnesy/functional.hpp"
#include "emnesy/ground_program.hpp"

namespace emnesy {

// What a query for an atom with computed numbers asks: that the atom holds and these cells have these values.
struct NumberQuery {
  AtomId source;  // of the original program
  std::vector<std::int32_t> cell;
  std::vector<double> value;
};

struct FewNumbers {
  // Without aggregates and conditions. Atoms of the original program keep their numbers. The queries of the original come
  // first, then one for each of `queries`.
  GroundProgram program;
  FunctionalDependencies dependencies;
  std::vector<NumberQuery> queries;
};

// Each cell becomes a group of atoms "the cell has value v", one for every value that it can have; aggregates become folds over
// their contributions, with a group of atoms for each partial result; conditions and terms over cells become rules over
// their values. Sums are made in the order of the rules, as the evaluator makes them, so the values are the same doubles.
//
// Nothing where the program computes no numbers. Throws NotLowerable where a number depends on itself, and where some
// number, partial result or combination of numbers has more than `most_values` values.
std::optional<FewNumbers> expand_numbers(const GroundProgram& program, const FunctionalDependencies& dependencies);

constexpr std::size_t most_values = 4096;

}  // namespace emnesy
