#include <catch2/catch.hpp>

#include "emnesy/components.hpp"

using namespace emnesy;

TEST_CASE("components come in dependency order with their levels") {
  // 0 -> 1 -> 2 -> 1, 3 -> 3, 4 alone, 0 -> 4
  const Components found = strongly_connected_components({0, 2, 3, 4, 5, 5}, {1, 4, 2, 1, 3});
  REQUIRE(found.count() == 4);
  CHECK(found.component[1] == found.component[2]);
  CHECK(found.component[1] < found.component[0]);
  CHECK(found.component[4] < found.component[0]);
  CHECK(found.cyclic[found.component[1]] == 1);
  CHECK(found.cyclic[found.component[3]] == 1);
  CHECK(found.cyclic[found.component[0]] == 0);
  CHECK(found.level[found.component[0]] == 1);
  CHECK(found.level[found.component[4]] == 0);
}

TEST_CASE("a chain of a million nodes does not exhaust the stack") {
  constexpr std::int32_t count = 1000000;
  std::vector<std::int64_t> begin;
  std::vector<std::int32_t> edge;
  for (std::int32_t i = 0; i < count; ++i) {
    begin.push_back(static_cast<std::int64_t>(edge.size()));
    if (i + 1 < count) edge.push_back(i + 1);
  }
  begin.push_back(static_cast<std::int64_t>(edge.size()));
  const Components found = strongly_connected_components(begin, edge);
  CHECK(found.count() == count);
  CHECK(found.level[found.component[0]] == count - 1);
}
