// The simulator, and the engines on top of it.
#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>
#include <pybind11/stl.h>

#include <algorithm>
#include <memory>
#include <string>

#include "abc.hpp"
#include "arrays.hpp"
#include "bindings.hpp"
#include "emnesy/simulator.hpp"
#include "simulator/lanes.hpp"

namespace py = pybind11;
using namespace emnesy;

namespace {

// Every atom's truth (atoms, worlds) and every computed cell's number (cells, worlds) in the worlds in which the
// choices take `alternatives` (worlds, choices).
py::tuple evaluate(const Simulator& simulator, const py::array_t<std::int32_t, py::array::c_style>& alternatives) {
  const auto choices = static_cast<py::ssize_t>(simulator.choice_count());
  if (alternatives.ndim() != 2 || alternatives.shape(1) != choices) {
    throw py::type_error("alternatives must be an int32 array of shape (worlds, " + std::to_string(choices) + ")");
  }
  const std::int64_t worlds = alternatives.shape(0);
  const std::int32_t* const given = alternatives.data();
  for (std::int64_t w = 0; w < worlds; ++w) {
    for (py::ssize_t c = 0; c < choices; ++c) {
      const std::int32_t value = given[w * choices + c];
      if (value < 0 || value > simulator.choice_alternatives[c]) throw py::value_error("no such alternative");
    }
  }
  const auto atoms = static_cast<std::int64_t>(simulator.atom_literal.size());
  py::array_t<bool> truth({atoms, worlds});
  py::array_t<double> cells({static_cast<std::int64_t>(simulator.program_numbers), worlds});
  bool* const truth_data = truth.mutable_data();
  double* const cell_data = cells.mutable_data();
  {
    const py::gil_scoped_release released;
    simulator::Lanes lanes(simulator);
    for (std::int64_t first = 0; first < worlds; first += lanes.width()) {
      const std::int64_t count = std::min<std::int64_t>(worlds - first, lanes.width());
      for (py::ssize_t c = 0; c < choices; ++c) {
        for (int word = 0; word < lanes.words(); ++word) {
          std::int32_t values[64];
          for (std::int64_t l = 0; l < 64; ++l) {
            const std::int64_t world = first + std::min<std::int64_t>(64 * word + l, count - 1);
            values[l] = given[world * choices + c];
          }
          lanes.set(static_cast<std::size_t>(c), word, values);
        }
      }
      lanes.run();
      for (std::int64_t a = 0; a < atoms; ++a) {
        for (std::int64_t w = 0; w < count; ++w) {
          truth_data[a * worlds + first + w] = (lanes.word(simulator.atom_literal[a], static_cast<int>(w / 64)) >> (w % 64) & 1) != 0;
        }
      }
      for (std::int64_t n = 0; n < simulator.program_numbers; ++n) {
        std::copy_n(lanes.number(static_cast<std::int32_t>(n)), count, cell_data + n * worlds + first);
      }
    }
  }
  return py::make_tuple(truth, cells);
}

template <typename T>
bool plain(const py::handle& object, std::int64_t rows, std::int64_t columns, bool one_row) {
  if (!py::isinstance<py::array_t<T, py::array::c_style>>(object)) return false;
  const auto array = py::reinterpret_borrow<py::array>(object);
  return array.ndim() == 2 && (array.shape(0) == rows || (one_row && array.shape(0) == 1)) && array.shape(1) == columns;
}

template <typename Option>
Option option_of(const std::string& given, const char* what, const std::vector<const char*>& names) {
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (given == names[i]) return static_cast<Option>(i);
  }
  throw py::value_error(std::string(what) + " cannot be '" + given + "'");
}

template <typename Real>
py::dict run_abc(const Abc& engine, const py::sequence& priors, const py::handle& evidence, const AbcOptions& options) {
  const auto slots = static_cast<std::int64_t>(engine.simulator().slot_count());
  if (!py::isinstance<py::array>(evidence) || py::reinterpret_borrow<py::array>(evidence).ndim() != 2) {
    throw py::type_error("evidence must be an array of shape (B, slots)");
  }
  const std::int64_t batch = py::reinterpret_borrow<py::array>(evidence).shape(0);
  if (!plain<std::int32_t>(evidence, batch, slots, false)) {
    throw py::type_error("evidence must be a C-contiguous int32 array of shape (B, " + std::to_string(slots) + ")");
  }
  const auto& sizes = engine.layout().block_size;
  if (priors.size() != sizes.size()) throw py::type_error("expected " + std::to_string(sizes.size()) + " prior blocks");
  std::vector<PriorBlock<Real>> blocks;
  std::vector<PosteriorBlock<Real>> outputs;
  py::list posteriors;
  for (std::size_t b = 0; b < sizes.size(); ++b) {
    const py::object given = priors[b];
    if (!plain<Real>(given, batch, sizes[b], true)) {
      throw py::type_error("prior block " + std::to_string(b) + " must be C-contiguous, of the dtype of the first one and of shape (" +
                           std::to_string(batch) + " or 1, " + std::to_string(sizes[b]) + ")");
    }
    const auto array = py::reinterpret_borrow<py::array_t<Real>>(given);
    blocks.push_back({array.data(), array.shape(0) == 1 ? 0 : sizes[b]});
    py::array_t<Real> posterior({batch, sizes[b]});
    outputs.push_back({posterior.mutable_data(), sizes[b]});
    posteriors.append(std::move(posterior));
  }
  py::array_t<Real> log_evidence(batch), queries({batch, static_cast<std::int64_t>(engine.simulator().queries.size())});
  py::array_t<bool> possible(batch), answered(batch);
  py::array_t<double> effective(batch), accepted(batch);
  std::vector<typename AbcResults<Real>::Said> said;
  AbcResults<Real> results;
  results.log_evidence = log_evidence.mutable_data();
  results.possible = reinterpret_cast<std::uint8_t*>(possible.mutable_data());
  results.answered = reinterpret_cast<std::uint8_t*>(answered.mutable_data());
  results.effective = effective.mutable_data();
  results.accepted = accepted.mutable_data();
  results.queries = queries.mutable_data();
  if (!engine.simulator().computed_query.empty()) results.said = &said;
  const std::int32_t* const labels = py::reinterpret_borrow<py::array_t<std::int32_t>>(evidence).data();
  {
    const py::gil_scoped_release released;
    engine.run<Real>(blocks, batch, {labels, slots}, options, outputs, results);
  }
  py::list statements;
  for (const auto& one : said) {
    statements.append(py::make_tuple(one.example, engine.simulator().computed_query[one.computed], one.numbers, one.probability));
  }
  py::dict answer;
  answer["posteriors"] = py::tuple(posteriors);
  answer["log_evidence"] = log_evidence;
  answer["possible"] = possible;
  answer["answered"] = answered;
  answer["effective"] = effective;
  answer["accepted"] = accepted;
  answer["queries"] = queries;
  answer["said"] = statements;
  return answer;
}

py::dict run_any_abc(const Abc& engine, const py::sequence& priors, const py::object& evidence, const std::string& task, int threads,
                     std::uint64_t seed, std::int64_t samples, const std::string& kernel, const std::string& distance,
                     const std::string& locality, double rate, double keep, bool control_variate) {
  AbcOptions options;
  options.task = option_of<Task>(task, "task", {"marginals", "map", "sample"});
  options.threads = threads;
  options.seed = seed;
  options.samples = samples;
  options.kernel = option_of<AbcOptions::Kernel>(kernel, "kernel", {"exact", "fraction", "exponential", "nearest"});
  options.distance = option_of<AbcOptions::Distance>(distance, "distance", {"mismatches", "numeric"});
  options.locality = option_of<AbcOptions::Locality>(locality, "locality", {"all", "component", "cone"});
  options.rate = rate;
  options.keep = keep;
  options.control_variate = control_variate;
  if (threads < 1) throw py::value_error("threads must be at least 1");
  if (samples < 1) throw py::value_error("samples must be at least 1");
  if (!(rate >= 0) || !(keep > 0 && keep <= 1)) throw py::value_error("rate must be >= 0, keep in (0, 1]");
  const bool single = priors.size() > 0 && py::isinstance<py::array_t<float>>(py::object(priors[0]));
  return single ? run_abc<float>(engine, priors, evidence, options) : run_abc<double>(engine, priors, evidence, options);
}

}  // namespace

void bind_simulator(py::module_& m) {
  py::class_<Simulator, std::shared_ptr<Simulator>>(m, "Simulator")
      .def(py::init([](const GroundProgram& program, const py::array_t<std::int64_t>& begin, const py::array_t<std::int32_t>& atom,
                       const py::array_t<std::uint8_t>& functional, bool impossible) {
             const EvidenceSlots slots{copy_of(begin), copy_of(atom), copy_of(functional)};
             auto simulator = std::make_shared<Simulator>(simulate(program, slots, impossible));
             simulator->verify();
             return simulator;
           }),
           py::arg("program"), py::arg("slot_begin"), py::arg("slot_atom"), py::arg("slot_functional"), py::arg("impossible") = false)
      .def("verify", &Simulator::verify)
      .def("dump", &Simulator::dump)
      .def("evaluate", &evaluate, py::arg("alternatives").noconvert())
      .def_property_readonly("atom_literal", [](const py::object& self) {
        return view_of(self.cast<const Simulator&>().atom_literal, self);
      })
      .def_property_readonly("step_kinds", [](const Simulator& self) {
        std::vector<int> kinds;
        for (const StepKind kind : self.step_kind) kinds.push_back(static_cast<int>(kind));
        return kinds;
      });

  py::class_<Abc>(m, "Abc")
      .def(py::init([](std::shared_ptr<Simulator> simulator, const py::array_t<std::int32_t>& block, const py::array_t<std::int64_t>& offset,
                       const py::array_t<std::int32_t>& stride, std::vector<std::int64_t> block_size,
                       const py::array_t<double>& label_number) {
             return std::make_unique<Abc>(std::move(simulator),
                                          PriorLayout{copy_of(block), copy_of(offset), copy_of(stride), std::move(block_size)},
                                          copy_of(label_number));
           }),
           py::arg("simulator"), py::kw_only(), py::arg("block"), py::arg("offset"), py::arg("stride"), py::arg("block_size"),
           py::arg("label_number"))
      .def("run", &run_any_abc, py::arg("priors"), py::arg("evidence"), py::kw_only(), py::arg("task"), py::arg("threads"),
           py::arg("seed"), py::arg("samples"), py::arg("kernel"), py::arg("distance"), py::arg("locality"), py::arg("rate"),
           py::arg("keep"), py::arg("control_variate"));

  // Raised as NoFixpoint(cell): one of the cells of the component that has none.
  static PyObject* no_fixpoint = nullptr;
  py::object type = py::exception<NoFixpoint>(m, "NoFixpoint");
  no_fixpoint = type.ptr();
  py::register_exception_translator([](std::exception_ptr pointer) {
    try {
      if (pointer) std::rethrow_exception(pointer);
    } catch (const NoFixpoint& error) {
      PyErr_SetObject(no_fixpoint, py::make_tuple(error.cell).ptr());
    }
  });
}
