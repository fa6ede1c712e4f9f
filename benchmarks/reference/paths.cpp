// Path planning by simulation, written by hand for this one problem: draw a terrain for every tile, find the cheapest path
// between opposite corners (eight neighbours, every visited tile pays, the start included), and weigh the world by how
// many tiles agree with the label.
//
// Costs are whole numbers (tenths), as in the program. Dijkstra's algorithm twice: with a binary heap, and with buckets
// by distance, which needs to know that costs are small whole numbers. Of equally good predecessors the path takes the
// first in row-major order, which is the program's rule.
#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <queue>
#include <utility>
#include <vector>

#include "export.hpp"

namespace {

constexpr std::int32_t kFar = std::numeric_limits<std::int32_t>::max();

struct Grid {
  int size;
  std::vector<int> begin, neighbour;  // of every tile, in row-major order
  explicit Grid(int n) : size(n) {
    for (int r = 0; r < n; ++r) {
      for (int c = 0; c < n; ++c) {
        begin.push_back(static_cast<int>(neighbour.size()));
        for (int y = std::max(r - 1, 0); y <= std::min(r + 1, n - 1); ++y) {
          for (int x = std::max(c - 1, 0); x <= std::min(c + 1, n - 1); ++x) {
            if (y != r || x != c) neighbour.push_back(y * n + x);
          }
        }
      }
    }
    begin.push_back(static_cast<int>(neighbour.size()));
  }
  int tiles() const { return size * size; }
};

struct Scratch {
  std::vector<std::int32_t> distance;
  std::vector<std::vector<int>> buckets;
  std::vector<std::pair<std::int32_t, int>> heap;
};

void binary_heap(const Grid& grid, const std::int32_t* cost, Scratch& s) {
  s.distance.assign(static_cast<std::size_t>(grid.tiles()), kFar);
  s.heap.clear();
  const auto later = [](const auto& a, const auto& b) { return a.first > b.first; };
  s.distance[0] = cost[0];
  s.heap.emplace_back(cost[0], 0);
  while (!s.heap.empty()) {
    std::pop_heap(s.heap.begin(), s.heap.end(), later);
    const auto [d, tile] = s.heap.back();
    s.heap.pop_back();
    if (d != s.distance[static_cast<std::size_t>(tile)]) continue;
    if (tile == grid.tiles() - 1) return;
    for (int e = grid.begin[static_cast<std::size_t>(tile)]; e < grid.begin[static_cast<std::size_t>(tile) + 1]; ++e) {
      const int next = grid.neighbour[static_cast<std::size_t>(e)];
      const std::int32_t there = d + cost[next];
      if (there < s.distance[static_cast<std::size_t>(next)]) {
        s.distance[static_cast<std::size_t>(next)] = there;
        s.heap.emplace_back(there, next);
        std::push_heap(s.heap.begin(), s.heap.end(), later);
      }
    }
  }
}

void bucket_queue(const Grid& grid, const std::int32_t* cost, std::int32_t greatest, Scratch& s) {
  s.distance.assign(static_cast<std::size_t>(grid.tiles()), kFar);
  const std::size_t ring = static_cast<std::size_t>(greatest) + 1;
  s.buckets.resize(ring);
  for (auto& bucket : s.buckets) bucket.clear();
  s.distance[0] = cost[0];
  s.buckets[static_cast<std::size_t>(cost[0]) % ring].push_back(0);
  for (std::int32_t d = cost[0];; ++d) {
    auto& bucket = s.buckets[static_cast<std::size_t>(d) % ring];
    while (!bucket.empty()) {
      const int tile = bucket.back();
      bucket.pop_back();
      if (d != s.distance[static_cast<std::size_t>(tile)]) continue;
      if (tile == grid.tiles() - 1) return;
      for (int e = grid.begin[static_cast<std::size_t>(tile)]; e < grid.begin[static_cast<std::size_t>(tile) + 1]; ++e) {
        const int next = grid.neighbour[static_cast<std::size_t>(e)];
        const std::int32_t there = d + cost[next];
        if (there < s.distance[static_cast<std::size_t>(next)]) {
          s.distance[static_cast<std::size_t>(next)] = there;
          s.buckets[static_cast<std::size_t>(there) % ring].push_back(next);
        }
      }
    }
  }
}

// Marks the tiles of the path that ends at the last one.
void trace(const Grid& grid, const std::vector<std::int32_t>& distance, std::uint8_t* path) {
  std::fill(path, path + grid.tiles(), std::uint8_t{0});
  int tile = grid.tiles() - 1;
  path[tile] = 1;
  while (tile != 0) {
    int best = -1;
    for (int e = grid.begin[static_cast<std::size_t>(tile)]; e < grid.begin[static_cast<std::size_t>(tile) + 1]; ++e) {
      const int previous = grid.neighbour[static_cast<std::size_t>(e)];
      if (best < 0 || distance[static_cast<std::size_t>(previous)] < distance[static_cast<std::size_t>(best)]) best = previous;
    }
    tile = best;
    path[tile] = 1;
  }
}

struct Random {  // xorshift64*, Vigna 2016
  std::uint64_t state;
  float uniform() {
    state ^= state >> 12;
    state ^= state << 25;
    state ^= state >> 27;
    return static_cast<float>((state * 2685821657736338717ULL) >> 40) * 0x1p-24f;
  }
};

void shortest(const Grid& grid, const std::int32_t* cost, std::int32_t greatest, bool buckets, Scratch& s) {
  if (buckets) {
    bucket_queue(grid, cost, greatest, s);
  } else {
    binary_heap(grid, cost, s);
  }
}

}  // namespace

// cost: int32 (maps, size * size), each in 1..greatest. path: uint8, the same shape. `buckets`: 0 heap, 1 bucket queue.
// Returns 0; 1 when memory ran out.
extern "C" EMNESY_EXPORT int emnesy_reference_paths(const std::int32_t* cost, std::int64_t maps, std::int32_t size,
                                                    std::int32_t greatest, std::int32_t buckets, std::uint8_t* path) try {
  const Grid grid(size);
  Scratch scratch;
  for (std::int64_t m = 0; m < maps; ++m) {
    shortest(grid, cost + m * grid.tiles(), greatest, buckets != 0, scratch);
    trace(grid, scratch.distance, path + m * grid.tiles());
  }
  return 0;
} catch (...) {
  return 1;
}

// Posterior of one map: prior float32 (size * size, terrains), terrain_cost int32 (terrains), label uint8 (size * size).
// Draws `samples` worlds, weighs each by exp(-sharpness * tiles that differ), and writes the weighted share of every
// terrain into posterior, shaped as the prior. Returns 0; 1 when memory ran out.
extern "C" EMNESY_EXPORT int emnesy_reference_path_samples(const float* prior, std::int32_t size, std::int32_t terrains,
                                                           const std::int32_t* terrain_cost, const std::uint8_t* label,
                                                           std::int64_t samples, float sharpness, std::uint64_t seed,
                                                           std::int32_t buckets, float* posterior) try {
  const Grid grid(size);
  const int tiles = grid.tiles();
  Scratch scratch;
  std::vector<std::int32_t> cost(static_cast<std::size_t>(tiles)), terrain(static_cast<std::size_t>(tiles));
  std::vector<std::uint8_t> path(static_cast<std::size_t>(tiles));
  std::vector<double> counts(static_cast<std::size_t>(tiles) * static_cast<std::size_t>(terrains));
  const std::int32_t greatest = *std::max_element(terrain_cost, terrain_cost + terrains);
  Random random{seed * 2 + 1};
  double total = 0;
  for (std::int64_t s = 0; s < samples; ++s) {
    for (int t = 0; t < tiles; ++t) {
      const float* p = prior + static_cast<std::ptrdiff_t>(t) * terrains;
      float rest = random.uniform();
      int k = 0;
      while (k + 1 < terrains && rest >= p[k]) rest -= p[k++];
      terrain[static_cast<std::size_t>(t)] = k;
      cost[static_cast<std::size_t>(t)] = terrain_cost[k];
    }
    shortest(grid, cost.data(), greatest, buckets != 0, scratch);
    trace(grid, scratch.distance, path.data());
    int different = 0;
    for (int t = 0; t < tiles; ++t) different += path[static_cast<std::size_t>(t)] != label[t];
    const double weight = std::exp(-static_cast<double>(sharpness) * different);
    total += weight;
    for (int t = 0; t < tiles; ++t) {
      counts[static_cast<std::size_t>(t) * static_cast<std::size_t>(terrains) +
             static_cast<std::size_t>(terrain[static_cast<std::size_t>(t)])] += weight;
    }
  }
  for (std::size_t i = 0; i < counts.size(); ++i) posterior[i] = static_cast<float>(counts[i] / total);
  return 0;
} catch (...) {
  return 1;
}
