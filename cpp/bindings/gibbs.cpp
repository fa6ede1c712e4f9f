// Gibbs: checked arrays in, arrays that C++ has filled out, the GIL released in between.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <string>
#include <vector>

#include "arrays.hpp"
#include "bindings.hpp"
#include "gibbs.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

template <typename T>
using Plain = py::array_t<T, py::array::c_style>;

void expect(bool holds, const std::string& what) {
  if (!holds) throw py::type_error(what);
}

template <typename Real>
py::dict run(const Gibbs& engine, const py::sequence& priors, const Plain<std::int32_t>& evidence, const GibbsOptions& options,
             Plain<std::int32_t> values, Plain<double> block, Plain<std::int64_t> position, bool want_trace) {
  const auto& sizes = engine.layout().block_size;
  const auto slots = static_cast<py::ssize_t>(engine.simulator().slot_count());
  expect(evidence.ndim() == 2 && evidence.shape(1) == slots, "evidence must have the shape (B, " + std::to_string(slots) + ")");
  const py::ssize_t batch = evidence.shape(0);
  expect(priors.size() == sizes.size(), "expected " + std::to_string(sizes.size()) + " prior blocks");
  std::vector<PriorBlock<Real>> blocks;
  std::vector<PosteriorBlock<Real>> outputs;
  py::list posteriors;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    expect(py::isinstance<Plain<Real>>(priors[i]), "prior blocks must be C-contiguous and of one dtype");
    const auto array = py::reinterpret_borrow<Plain<Real>>(priors[i]);
    expect(array.ndim() == 2 && (array.shape(0) == batch || array.shape(0) == 1) && array.shape(1) == sizes[i],
           "prior block " + std::to_string(i) + " has the wrong shape");
    blocks.push_back({array.data(), array.shape(0) == 1 ? 0 : sizes[i]});
    Plain<Real> out({batch, static_cast<py::ssize_t>(sizes[i])});
    outputs.push_back({out.mutable_data(), sizes[i]});
    posteriors.append(std::move(out));
  }
  const py::ssize_t chains = options.chains, choices = static_cast<py::ssize_t>(engine.simulator().choice_count());
  expect(values.ndim() == 3 && values.shape(0) == batch && values.shape(1) == chains && values.shape(2) == choices &&
             block.size() == batch * chains && position.size() == batch * chains, "the state has the wrong shape");
  const auto queries = static_cast<py::ssize_t>(engine.simulator().queries.size());
  Plain<Real> log_evidence(batch), residual(batch), marginals({batch, queries});
  Plain<bool> possible(batch), converged(batch), proved(batch), recognised(batch);
  Plain<std::int32_t> iterations(batch);
  Plain<double> r_hat(batch), effective(batch), acceptance(batch), size(batch);
  static_assert(sizeof(bool) == sizeof(std::uint8_t), "numpy's bool is one byte");
  const auto bytes = [](Plain<bool>& array) { return reinterpret_cast<std::uint8_t*>(array.mutable_data()); };
  ExampleResults<Real> results;
  results.log_evidence = log_evidence.mutable_data();
  results.residual = residual.mutable_data();
  results.query_marginals = marginals.mutable_data();
  results.possible = bytes(possible);
  results.converged = bytes(converged);
  results.iterations = iterations.mutable_data();
  GibbsDiagnostics diagnostics{r_hat.mutable_data(), effective.mutable_data(), acceptance.mutable_data(),
                               size.mutable_data(), bytes(proved), bytes(recognised)};
  Plain<std::int32_t> trace({want_trace ? batch : 0, chains, static_cast<py::ssize_t>(options.sweeps), choices});
  GibbsState state{values.mutable_data(), block.mutable_data(), position.mutable_data(), want_trace ? trace.mutable_data() : nullptr};
  const std::int32_t* const labels = evidence.data();
  {
    const py::gil_scoped_release released;
    engine.run<Real>(blocks, batch, {labels, slots}, options, outputs, results, state, diagnostics);
  }
  py::dict answer;
  answer["posteriors"] = py::tuple(posteriors);
  answer["log_evidence"] = log_evidence;
  answer["possible"] = possible;
  answer["queries"] = marginals;
  answer["converged"] = converged;
  answer["iterations"] = iterations;
  answer["residual"] = residual;
  answer["r_hat"] = r_hat;
  answer["effective_samples"] = effective;
  answer["acceptance"] = acceptance;
  answer["block_size"] = size;
  answer["proved_impossible"] = proved;
  answer["recognised"] = recognised;
  answer["trace"] = trace;
  return answer;
}

}  // namespace

void bind_gibbs(py::module_& m) {
  py::class_<Gibbs>(m, "Gibbs")
      .def(py::init([](std::shared_ptr<Simulator> simulator, const Plain<std::int32_t>& block, const Plain<std::int64_t>& offset,
                       std::vector<std::int64_t> block_size) {
             PriorLayout layout{copy_of(block), copy_of(offset), std::vector<std::int32_t>(static_cast<std::size_t>(block.size()), 1),
                                std::move(block_size)};
             return std::make_unique<Gibbs>(std::move(simulator), std::move(layout));
           }),
           py::arg("simulator"), py::kw_only(), py::arg("block"), py::arg("offset"), py::arg("block_size"))
      .def_property_readonly("recognises_paths", &Gibbs::recognises_paths)
      .def_property_readonly("choices", [](const Gibbs& engine) { return engine.simulator().choice_count(); })
      .def(
          "run",
          [](const Gibbs& engine, const py::sequence& priors, const Plain<std::int32_t>& evidence, const std::string& task, int threads,
             std::uint64_t seed, int chains, int sweeps, int burn_in, double tolerance, const Plain<std::int32_t>& values,
             const Plain<double>& block, const Plain<std::int64_t>& position, bool trace) {
            if (chains < 1 || sweeps < 1 || burn_in < 0 || threads < 1) throw py::value_error("options out of range");
            GibbsOptions options;
            if (task != "marginals" && task != "sample") throw py::value_error("gibbs does not answer task '" + task + "'");
            options.task = task == "sample" ? Task::Sample : Task::Marginals;
            options.threads = threads;
            options.seed = seed;
            options.chains = chains;
            options.sweeps = sweeps;
            options.burn_in = burn_in;
            options.tolerance = tolerance;
            const bool single = priors.size() > 0 && py::isinstance<py::array_t<float>>(py::object(priors[0]));
            return single ? run<float>(engine, priors, evidence, options, values, block, position, trace)
                          : run<double>(engine, priors, evidence, options, values, block, position, trace);
          },
          py::arg("priors"), py::arg("evidence"), py::kw_only(), py::arg("task"), py::arg("threads"), py::arg("seed"),
          py::arg("chains"), py::arg("sweeps"), py::arg("burn_in"), py::arg("tolerance"), py::arg("values").noconvert(),
          py::arg("block").noconvert(), py::arg("position").noconvert(), py::arg("trace") = false,
          "values, block and position are the chains' state: read, and overwritten in place.");
}
