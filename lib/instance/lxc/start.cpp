// Starting a container, and finding a running one again after a daemon restart.
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "instance/lxc/config.h"
#include "instance/lxc/container_impl.h"
#include "instance/lxc/seccomp.h"
#include "sys/proc.h"

namespace instance::lxc {
namespace {

Result<> make_folder(const std::string& path, unsigned mode) {
  if (mkdir(path.c_str(), mode) < 0 && errno != EEXIST) return fail_errno("Failed creating " + path);
  if (chmod(path.c_str(), mode) < 0) return fail_errno("Failed changing mode of " + path);
  return {};
}

/// Only the container's root may go through its folder.
Result<> guard_folder(const RunSpec& spec) {
  if (spec.path.empty()) return {};
  int64_t root = spec.idmap.empty() ? 0 : spec.idmap.to_host(0, 0).uid;
  if (chown(spec.path.c_str(), static_cast<uid_t>(root), 0) < 0) return fail_errno("Failed changing owner of " + spec.path);
  if (chmod(spec.path.c_str(), 0100) < 0) return fail_errno("Failed changing mode of " + spec.path);
  return {};
}

std::string render_state(const Processes& processes) {
  return std::format("{} {} {} {} {} {}\n", processes.init, processes.init_start, processes.monitor, processes.monitor_start, processes.started_at.seconds,
                     processes.started_at.nanos);
}

std::optional<Processes> parse_state(const std::string& text) {
  StringList fields = split_list(trim(text), ' ');
  if (fields.size() != 6) return std::nullopt;
  int64_t numbers[6];
  for (size_t i = 0; i < 6; ++i) numbers[i] = parse_int(fields[i]).value_or(-1);
  if (numbers[0] <= 0 || numbers[2] <= 0) return std::nullopt;
  return Processes{static_cast<pid_t>(numbers[0]), static_cast<uint64_t>(numbers[1]), static_cast<pid_t>(numbers[2]), static_cast<uint64_t>(numbers[3]),
                   Timestamp::from_unix(numbers[4], static_cast<int32_t>(numbers[5]))};
}

/// What liblxc's monitor and init are started with; the config's own environment comes from lxc.conf.
StringList helper_environment(const std::string& stop_file) {
  const char* path = getenv("PATH");
  return {std::string("PATH=") + (path ? path : "/usr/sbin:/usr/bin:/sbin:/bin"), std::format("{}={}", kStopFileVariable, stop_file)};
}

Result<Processes> find_processes(const std::string& helper_output) {
  auto init = parse_int(trim(helper_output));
  if (!init || *init <= 0) return fail(Code::internal, "The container ended right after its start");
  Processes found{.init = static_cast<pid_t>(*init), .started_at = Timestamp::now()};
  found.monitor = sys::parent_of(found.init).value_or(0);
  found.init_start = sys::process_start_time(found.init).value_or(0);
  found.monitor_start = sys::process_start_time(found.monitor).value_or(0);
  return found;
}

}  // namespace

std::string log_errors(const std::string& log_file) {
  auto text = read_file(log_file);
  if (!text) return "";
  std::string errors;
  for (const std::string& line : split(*text, '\n')) {
    StringList fields = split_list(line, ' ');
    if (fields.size() >= 4 && fields[2] == "ERROR") errors += "\n  " + line;
  }
  return errors;
}

Result<> Container::Impl::prepare(const RunSpec& copy) const {
  TRY(make_folder(paths.run, 0711));
  TRY(make_folder(paths.run + "/root", 0711));
  TRY(make_folder(paths.log, 0700));
  TRY(guard_folder(copy));
  std::string log = paths.log + "/lxc.log";
  rename(log.c_str(), (log + ".old").c_str());
  unlink(stop_file().c_str());
  std::string seccomp_file;
  auto policy = seccomp_policy(copy.config, copy.idmap.empty(), copy.architecture);
  if (policy) {
    seccomp_file = paths.run + "/seccomp";
    TRY(write_file_atomic(seccomp_file, *policy));
  }
  return write_file_atomic(config_file(), TRY(render_config(copy, paths, seccomp_file)));
}

Result<> Container::Impl::launch(const Context& ctx, const RunSpec& copy) {
  {
    // Whoever still works on the stopped files would see them change owner.
    std::lock_guard lock(mutex);
    file_servers.clear();
  }
  TRY(prepare(copy));
  std::string log_path = paths.log + "/forklxc.log";
  UniqueFd log(open(log_path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644));
  if (!log) return fail_errno("Failed opening " + log_path);
  sys::SpawnSpec helper = sys::self_spec("forklxc", {paths.id, paths.lxc_path, config_file(), paths.log});
  helper.environment = helper_environment(stop_file());
  helper.stderr_fd = log.get();
  auto output = sys::run(ctx, std::move(helper));
  if (!output) return Failure(output.error());
  auto found = find_processes(output->out);
  auto adopted = found ? adopt(*found) : Failure(found.error());
  // An entry point may be done before we come to look at it: that was a run like any other.
  if (!adopted && copy.oci) return ended_at_once(ctx);
  TRY(std::move(adopted));
  return write_file_atomic(state_file(), render_state(*found));
}

Result<> Container::Impl::ended_at_once(const Context& ctx) {
  TRY(sys::run(ctx, sys::self_spec("forklxc", {paths.id, paths.lxc_path})));
  runtime.offload([self = shared_from_this()] {
    self->stop_handler(read_stop_reason(self->stop_file()));
  });
  return {};
}

Result<> Container::start(const Context& ctx) {
  RunSpec copy;
  {
    std::lock_guard lock(impl_->mutex);
    if (impl_->status != Status::stopped) return fail(Code::invalid, "The instance is already running");
    copy = impl_->spec;
  }
  return impl_->launch(ctx, copy);
}

bool Container::recover() {
  auto text = read_file(impl_->state_file());
  auto found = text ? parse_state(*text) : std::nullopt;
  return found && impl_->adopt(*found);
}

}  // namespace instance::lxc
