// Computed numbers that take few values, as exclusive atoms.
#pragma once

#include <optional>
#include <utility>
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

// An aggregate that is left to the lowering: its value is that of `kind` over the contributions whose atoms hold. The atoms of one
// contribution exclude each other, and so do those of the result; none of these holds where no contribution does.
struct NumberFold {
  AtomId source;                    // of the original program
  Aggregate kind = Aggregate::Sum;  // or Min, Max
  std::vector<std::pair<double, AtomId>> result;  // ascending
  std::vector<std::vector<std::pair<double, AtomId>>> contributions;
};

struct FewNumbers {
  // Without aggregates and conditions. Atoms of the original program keep their numbers. The queries of the original come
  // first, then one for each of `queries`.
  GroundProgram program;
  FunctionalDependencies dependencies;
  std::vector<NumberQuery> queries;
  std::vector<NumberFold> folds;
};

// Each cell becomes a group of atoms "the cell has value v", one for every value that it can have; aggregates become folds over
// their contributions, with a group of atoms for each partial result; conditions and terms over cells become rules over
// their values. Sums are made in the order of the rules, as the evaluator makes them, so the values are the same doubles.
//
// Nothing where the program computes no numbers. Throws NotLowerable where a number depends on itself, and where some
// number, partial result or combination of numbers has more than `most_values` values; counts and sums that are not folded may
// have `most_sums`, those that are queried `most_queries`.
//
// keep_folds: counts, sums, minima and maxima of three contributions and more are not folded; FewNumbers::folds lists them, and
// the atoms of their values have no rules. Sums only where all contributions are whole numbers.
std::optional<FewNumbers> expand_numbers(const GroundProgram& program, const FunctionalDependencies& dependencies,
                                         bool keep_folds = false);

constexpr std::size_t most_values = 4096;
constexpr std::size_t most_sums = 131072;
constexpr std::size_t most_queries = 16384;  // each of them has a mask over all values

}  // namespace emnesy
