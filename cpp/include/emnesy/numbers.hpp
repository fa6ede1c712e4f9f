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
  // The atom's arguments then: a number where the second is no_value, else that term.
  std::vector<std::pair<double, ValueId>> argument;
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
  // (atom of the original program, query): each way in which an atom answers a query, in order, each once.
  std::vector<std::pair<AtomId, std::int32_t>> readings;
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

// Observed predicates of which some atom holds computed numbers are replaced, among what is observed, by predicates of the same
// name with the numbers written out: `total(3) :- total(cell), cell = 3.` for every value that the cell can have. Nothing
// where there are none. Throws NotLowerable as expand_numbers() does.
std::optional<GroundProgram> write_out_observed(const GroundProgram& program, const FunctionalDependencies& dependencies);

constexpr std::size_t most_values = 4096;
constexpr std::size_t most_sums = 131072;
constexpr std::size_t most_queries = 16384;  // each of them has a mask over all values

}  // namespace emnesy
