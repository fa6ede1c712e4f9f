// How one graph's work is cut into pieces for several threads. The cut depends on the graph alone, never on the threads: what is
// summed piece by piece comes out the same, to the bit, whoever does the pieces.
#pragma once

#include <cstdint>
#include <vector>

namespace emnesy::bp {

// Consecutive pieces of 0 .. n - 1: piece p is bound[p] .. bound[p + 1] - 1.
using Pieces = std::vector<std::int32_t>;

// Pieces of about equal cost, as many as the work is worth; one where it is small.
Pieces even_pieces(const std::vector<std::int64_t>& cost);

// Trees. The *top* is what remains when all subtrees are taken away that are small: it falls into *stems*, paths between
// the places where it branches. Factors in order: stems level by level, each after the one that it grows from, then
// the subtrees. A long chain is one stem, whose messages wait for one another; but its tables need not be visited in any order.
struct TreeCut {
  std::vector<std::int32_t> order;  // factors, parents before children
  Pieces piece;                     // of the whole order: first the top's factors, `top` of them, then groups of subtrees
  std::int32_t top = 0, top_pieces = 0;
  Pieces stem;                      // stems' factors
  Pieces level;                     // of stems: those of a level depend only on lower levels, seen from the roots
};

// order: the factors of all trees, parents before children. By factor: parent (-1: a root) and cost.
TreeCut cut_trees(const std::vector<std::int32_t>& order, const std::vector<std::int32_t>& parent,
                  const std::vector<std::int64_t>& cost);

// The factor of one tree (order and parent as above) from which no branch has more than half of the cost.
std::int32_t middle(const std::vector<std::int32_t>& order, const std::vector<std::int32_t>& parent,
                    const std::vector<std::int64_t>& cost);

// The sequential sweep over factors 0 .. n - 1. A factor has to wait for those before it that share a variable with it, and
// for no others: factors of a level share none, and may be visited in any order once the levels before are done. As
// the unknowns of a sparse triangular system: Anderson, Saad, "Solving sparse triangular linear systems on parallel
// computers", Int. J. High Speed Computing 1 (1989).
struct SweepCut {
  std::vector<std::int32_t> order;  // factors by level; empty: levels are too narrow to be worth it
  Pieces piece;                     // of the order
  Pieces level;                     // of pieces
};

// scope_begin, scope: per factor its variables, below variable_count.
SweepCut cut_sweep(const std::vector<std::int64_t>& scope_begin, const std::vector<std::int32_t>& scope,
                   std::int32_t variable_count, const std::vector<std::int64_t>& cost);

// Costs are in visits to a table's entries, about a nanosecond each.
constexpr std::int64_t least_piece = 16384;        // handing out a piece costs less than a hundredth of this
constexpr std::int64_t most_pieces = 256;
constexpr std::int64_t least_sweep_piece = 4096;   // a level of a sweep costs a microsecond
constexpr std::int64_t least_level = 16384;        // on average

}  // namespace emnesy::bp
