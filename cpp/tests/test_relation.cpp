// Relations and their indexes against linear search.
#include <catch2/catch.hpp>

#include <algorithm>
#include <random>
#include <set>

#include "ground/relation.hpp"

using namespace emnesy;

TEST_CASE("find, and chains of an index that grows with the relation, equal a linear search") {
  std::mt19937 engine(7);
  const auto below = [&](ValueId limit) { return static_cast<ValueId>(engine() % limit); };
  Relation relation(3);
  std::vector<std::vector<ValueId>> rows;
  for (int round = 0; round < 20; ++round) {
    for (int i = 0; i < 100; ++i) {
      const std::vector<ValueId> tuple = {below(6), below(9), below(40)};
      const bool known = std::find(rows.begin(), rows.end(), tuple) != rows.end();
      REQUIRE((relation.find(tuple.data()) != kNoRow) == known);
      if (known) continue;
      REQUIRE(relation.insert(tuple.data(), static_cast<AtomId>(rows.size())) == rows.size());
      rows.push_back(tuple);
    }
    for (const std::uint32_t mask : {1u, 2u, 3u, 6u}) {
      const ValueId key[] = {below(6), below(9), below(40)};
      const auto upto = static_cast<Row>(rows.size());
      const Index& index = relation.index(mask, upto);
      std::vector<Row> chain, expected;
      for (Row row = relation.first(index, key); row != kNoRow; row = index.next[row]) chain.push_back(row);
      for (Row row = upto; row-- > 0;) {
        bool equal = true;
        for (std::uint32_t column = 0; column < 3; ++column)
          if (mask >> column & 1) equal = equal && rows[row][column] == key[column];
        if (equal) expected.push_back(row);
      }
      CHECK(chain == expected);
    }
  }
}

TEST_CASE("filter keeps the order and renumbers") {
  Relation relation(1);
  for (ValueId value = 0; value < 50; ++value) relation.insert(&value, static_cast<AtomId>(value));
  relation.filter([](AtomId atom, Row row) {
    if (atom % 3 == 0) CHECK(row == static_cast<Row>(atom / 3));
    return atom % 3 == 0;
  });
  CHECK(relation.size() == 17);
  const ValueId kept = 9, dropped = 10;
  CHECK(relation.find(&kept) == 3);
  CHECK(relation.find(&dropped) == kNoRow);
}
