// The Python module: each bind_* function lives in a file of its own.
#include "bindings.hpp"

PYBIND11_MODULE(_core, m) {
  m.doc() = "Native core of emnesy: grounder, factor graphs and inference engines.";
  m.attr("__version__") = "0.1.0";
  bind_ground(m);
  bind_check(m);
  bind_tensors(m);
  bind_graph(m);
  bind_lower(m);
  bind_engine(m);
  bind_plain_call(m);
  bind_exact(m);
  bind_simulator(m);
  bind_gibbs(m);
}
