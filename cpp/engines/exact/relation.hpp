// Sets of allowed joint values, with the operations of relational algebra that a junction tree is made of.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

namespace emnesy::exact {

struct Relation {
  std::vector<std::int32_t> scope;   // variables, none twice
  std::vector<std::int32_t> values;  // rows of as many values as the scope has variables; no row twice
  std::vector<double> weights;       // one a row; empty: all are one
  std::size_t rows = 0;

  std::size_t arity() const { return scope.size(); }
  const std::int32_t* row(std::size_t r) const { return values.data() + r * arity(); }
  // Where the variable stands in the scope, or -1.
  std::int32_t column(std::int32_t variable) const;
};

// Finds the rows that have given values in given columns.
class RowIndex {
 public:
  // The values must outlive the index.
  RowIndex(const std::int32_t* values, std::size_t arity, std::size_t rows, std::vector<std::int32_t> columns);

  // Calls visit(row) in ascending order for every row that agrees with `other` in its columns `other_columns`
  // (parallel to the index's own); stops where visit returns false.
  template <typename Visit>
  void each(const std::int32_t* other, const std::vector<std::int32_t>& other_columns, const Visit& visit) const {
    for (std::int32_t r = head_[slot(other, other_columns)]; r >= 0; r = next_[r]) {
      if (agrees(r, other, other_columns) && !visit(static_cast<std::size_t>(r))) return;
    }
  }
  bool contains(const std::int32_t* other, const std::vector<std::int32_t>& other_columns) const {
    bool found = false;
    each(other, other_columns, [&](std::size_t) { return !(found = true); });
    return found;
  }

 private:
  std::size_t slot(const std::int32_t* row, const std::vector<std::int32_t>& columns) const;
  bool agrees(std::int32_t r, const std::int32_t* other, const std::vector<std::int32_t>& other_columns) const;

  const std::int32_t* values_;
  std::size_t arity_;
  std::vector<std::int32_t> columns_;
  std::vector<std::int32_t> head_, next_;
};

// Rows that agree in the columns get one number, counted from 0 in order of first appearance.
struct Groups {
  std::vector<std::int32_t> of_row;
  std::vector<std::int32_t> first;  // per group: its first row
  std::size_t count() const { return first.size(); }
};
Groups group_rows(const Relation& relation, const std::vector<std::int32_t>& columns);

// The columns of these variables, which must be in the scope.
std::vector<std::int32_t> columns_of(const Relation& relation, const std::vector<std::int32_t>& variables);

// The variables of the relation that are in `variables` (sorted), in the order of the scope.
std::vector<std::int32_t> shared(const Relation& relation, const std::vector<std::int32_t>& variables);

// The distinct values of these variables; no weights.
Relation project(const Relation& relation, const std::vector<std::int32_t>& variables);

// Keeps the rows that some row of `other` agrees with in all variables that they share.
void semijoin(Relation& relation, const Relation& other);

// The natural join of left, right and `checks`, whose variables are all left's or right's; weights are multiplied.
// False: it would have more than `limit` rows.
bool join(const Relation& left, const Relation& right, const std::vector<const Relation*>& checks, std::size_t limit,
          Relation& result);

}  // namespace emnesy::exact
