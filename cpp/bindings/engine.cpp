// BeliefPropagation: checked arrays in, arrays that C++ has filled out, the GIL released in between.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <stdexcept>
#include <string>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "bp.hpp"
#include "bp/cluster.hpp"
#include "bp/structured_gate.hpp"

namespace py = pybind11;

namespace {

using namespace emnesy;

template <typename T>
bool plain(const py::handle& object) {
  return py::isinstance<py::array_t<T, py::array::c_style>>(object);
}

std::string describe(const py::handle& object) {
  if (!py::isinstance<py::array>(object)) return py::str(py::type::handle_of(object).attr("__name__"));
  const auto array = py::reinterpret_borrow<py::array>(object);
  return py::str(array.dtype()).cast<std::string>() + " array of shape " + py::str(array.attr("shape")).cast<std::string>() +
         ((array.flags() & py::array::c_style) != 0 ? "" : ", not C-contiguous");
}

Task task_of(const std::string& name) {
  if (name == "marginals") return Task::Marginals;
  if (name == "map") return Task::Map;
  if (name == "sample") return Task::Sample;
  throw py::value_error("task must be 'marginals', 'map' or 'sample', not '" + name + "'");
}

Schedule schedule_of(const std::string& name) {
  if (name == "sequential") return Schedule::Sequential;
  if (name == "flooding") return Schedule::Flooding;
  if (name == "residual") return Schedule::Residual;
  throw py::value_error("schedule must be 'sequential', 'flooding' or 'residual', not '" + name + "'");
}

void check_options(const Options& options) {
  if (options.threads < 1) throw py::value_error("threads must be at least 1");
  if (options.max_iterations < 1) throw py::value_error("max_iterations must be at least 1");
  if (!(options.damping >= 0 && options.damping < 1)) throw py::value_error("damping must lie in [0, 1)");
  if (!(options.tolerance >= 0)) throw py::value_error("tolerance must not be negative");
}

struct LabelArray {
  const std::int32_t* data;
  std::int64_t batch, slots;
};

LabelArray labels_of(const BeliefPropagation& engine, const py::handle& evidence) {
  const auto slots = static_cast<py::ssize_t>(engine.graph().slot_variable.size());
  if (!plain<std::int32_t>(evidence) || py::reinterpret_borrow<py::array>(evidence).ndim() != 2 ||
      py::reinterpret_borrow<py::array>(evidence).shape(1) != slots) {
    throw py::type_error("evidence must be a C-contiguous int32 array of shape (B, " + std::to_string(slots) + "), not " +
                         describe(evidence));
  }
  const auto array = py::reinterpret_borrow<py::array_t<std::int32_t>>(evidence);
  return {array.data(), array.shape(0), slots};
}

template <typename Real>
std::vector<PriorBlock<Real>> prior_blocks(const BeliefPropagation& engine, const py::sequence& priors, std::int64_t batch) {
  const auto& sizes = engine.layout().block_size;
  if (priors.size() != sizes.size()) {
    throw py::type_error("expected " + std::to_string(sizes.size()) + " prior blocks, not " + std::to_string(priors.size()));
  }
  std::vector<PriorBlock<Real>> blocks;
  for (std::size_t b = 0; b < sizes.size(); ++b) {
    const py::object given = priors[b];
    const auto fits = [&] {
      if (!plain<Real>(given)) return false;
      const auto array = py::reinterpret_borrow<py::array>(given);
      return array.ndim() == 2 && (array.shape(0) == batch || array.shape(0) == 1) && array.shape(1) == sizes[b];
    };
    if (!fits()) {
      throw py::type_error("prior block " + std::to_string(b) + " must be a C-contiguous " +
                           py::str(py::dtype::of<Real>()).cast<std::string>() + " array of shape (" +
                           std::to_string(batch) + " or 1, " + std::to_string(sizes[b]) + "), not " + describe(given));
    }
    const auto array = py::reinterpret_borrow<py::array_t<Real>>(given);
    blocks.push_back({array.data(), array.shape(0) == 1 ? 0 : sizes[b]});
  }
  return blocks;
}

// The messages to start from; null for None.
template <typename Real>
const Real* messages_of(const py::object& given, std::int64_t batch, std::int64_t count) {
  if (given.is_none()) return nullptr;
  const auto fits = [&] {
    if (!plain<Real>(given)) return false;
    const auto array = py::reinterpret_borrow<py::array>(given);
    return array.ndim() == 2 && array.shape(0) == batch && array.shape(1) == count;
  };
  if (!fits()) {
    throw py::type_error("messages must be a C-contiguous " + py::str(py::dtype::of<Real>()).cast<std::string>() +
                         " array of shape (" + std::to_string(batch) + ", " + std::to_string(count) + "), not " +
                         describe(given));
  }
  return py::reinterpret_borrow<py::array_t<Real>>(given).data();
}

template <typename Real>
py::tuple run(const BeliefPropagation& engine, const py::sequence& priors, const py::handle& evidence,
              const Options& options, bool want_posteriors, const py::object& start, bool want_messages) {
  const LabelArray labels = labels_of(engine, evidence);
  const auto blocks = prior_blocks<Real>(engine, priors, labels.batch);
  const auto queries = static_cast<std::int64_t>(engine.graph().query_variable.size());
  py::tuple posteriors(engine.layout().block_size.size());
  std::vector<PosteriorBlock<Real>> outputs;
  for (const std::int64_t size : engine.layout().block_size) {
    auto array = new_array<Real>({want_posteriors ? labels.batch : 0, size});
    outputs.push_back({want_posteriors ? array.mutable_data() : nullptr, size});
    PyTuple_SET_ITEM(posteriors.ptr(), static_cast<py::ssize_t>(outputs.size()) - 1, array.release().ptr());
  }
  auto log_evidence = new_array<Real>({labels.batch}), marginals = new_array<Real>({labels.batch, queries});
  auto possible = new_array<bool>({labels.batch});
  const bool world = options.task != Task::Marginals;
  py::dict extra;
  bool* consistent = nullptr;
  if (world) {
    auto array = new_array<bool>({labels.batch});
    consistent = array.mutable_data();
    extra["consistent"] = std::move(array);
  }
  const std::int64_t row = engine.message_count();
  MessageView<Real> messages;
  messages.start = messages_of<Real>(start, labels.batch, row);
  if (want_messages) {
    auto array = new_array<Real>({labels.batch, row});
    messages.end = array.mutable_data();
    extra["messages"] = std::move(array);
  }
  static_assert(sizeof(bool) == sizeof(std::uint8_t), "numpy's bool is one byte");
  ExampleResults<Real> results;
  results.log_evidence = log_evidence.mutable_data();
  results.query_marginals = marginals.mutable_data();
  results.possible = reinterpret_cast<std::uint8_t*>(possible.mutable_data());
  results.consistent = reinterpret_cast<std::uint8_t*>(consistent);
  py::object progress = py::none();  // two passes make none
  if (!engine.exact()) {
    auto converged = new_array<bool>({labels.batch});
    auto iterations = new_array<std::int32_t>({labels.batch});
    auto residual = new_array<Real>({labels.batch});
    results.converged = reinterpret_cast<std::uint8_t*>(converged.mutable_data());
    results.iterations = iterations.mutable_data();
    results.residual = residual.mutable_data();
    progress = py::make_tuple(std::move(converged), std::move(iterations), std::move(residual));
  }
  {
    const py::gil_scoped_release released;
    engine.run<Real>(blocks, labels.batch, {labels.data, labels.slots}, options, outputs, results, messages);
  }
  return py::make_tuple(posteriors, log_evidence, possible, marginals, progress, extra);
}

py::tuple run_any(const BeliefPropagation& engine, const py::sequence& priors, const py::object& evidence,
                  const std::string& task, int threads, std::uint64_t seed, int max_iterations, double damping,
                  double tolerance, const std::string& schedule, const py::object& messages, bool want_messages,
                  bool check, bool posteriors) {
  Options options;
  options.task = task_of(task);
  options.threads = threads;
  options.seed = seed;
  options.max_iterations = max_iterations;
  options.damping = damping;
  options.tolerance = tolerance;
  options.schedule = schedule_of(schedule);
  options.check_priors = check;
  check_options(options);
  // All blocks have one dtype: that of the first. Without blocks there is nothing to be narrower than double.
  const bool single = priors.size() > 0 && py::isinstance<py::array_t<float>>(py::object(priors[0]));
  return single ? run<float>(engine, priors, evidence, options, posteriors, messages, want_messages)
                : run<double>(engine, priors, evidence, options, posteriors, messages, want_messages);
}

// What messages run on, as text; for a graph with a gate, the graph and whichever of its two forms has clusters.
std::string dump_clustered(const FactorGraph& graph, std::int64_t cluster) {
  if (graph.gate_variable < 0) return bp::cluster_loops(graph, cluster).dump();
  std::string text = graph.dump();
  for (const bool open : {true, false}) {
    const bp::Clustered clustered = bp::cluster_loops(bp::without_gate(graph, open), cluster);
    if (clustered.count == 0) continue;
    text += (open ? "where the gate is open:\n" : "where the gate is shut or not observed:\n") + clustered.dump();
  }
  return text;
}

}  // namespace

void bind_engine(py::module_& m) {
  m.def("dump_clustered", &dump_clustered, py::arg("graph"), py::arg("cluster"));
  py::class_<BeliefPropagation>(m, "BeliefPropagation")
      .def(py::init([](const FactorGraph& graph, const py::array_t<std::int32_t, py::array::c_style>& block,
                       const py::array_t<std::int64_t, py::array::c_style>& offset,
                       const py::array_t<std::int32_t, py::array::c_style>& stride, std::vector<std::int64_t> block_size,
                       std::int64_t cluster, const PriorRules* rules) {
             PriorLayout layout{copy_of(block), copy_of(offset), copy_of(stride), std::move(block_size)};
             if (rules != nullptr) layout.rules = rules->rules;
             const py::gil_scoped_release release;
             return std::make_unique<BeliefPropagation>(graph, std::move(layout), cluster);
           }),
           py::arg("graph"), py::kw_only(), py::arg("block").noconvert(), py::arg("offset").noconvert(),
           py::arg("stride").noconvert(), py::arg("block_size"), py::arg("cluster") = 0, py::arg("rules") = py::none())
      .def_property_readonly("exact", &BeliefPropagation::exact)
      .def_property_readonly("clusters", &BeliefPropagation::clusters)
      .def_property_readonly("message_count", &BeliefPropagation::message_count)
      .def("run", &run_any, py::arg("priors"), py::arg("evidence"), py::arg("task") = "marginals",
           py::arg("threads") = 1, py::arg("seed") = 0, py::arg("max_iterations") = Options{}.max_iterations,
           py::arg("damping") = Options{}.damping, py::arg("tolerance") = Options{}.tolerance,
           py::arg("schedule") = "sequential", py::arg("messages") = py::none(), py::arg("want_messages") = false, py::arg("check") = false,
           py::arg("posteriors") = true);
}
