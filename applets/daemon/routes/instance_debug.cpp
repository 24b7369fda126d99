// /1.0/instances/{name}/debug: the memory of a running virtual machine, for debuggers, and repairs of a stopped one.
#include <fcntl.h>
#include <unistd.h>

#include <future>

#include "api/types/instance_debug.h"
#include "applets/daemon/routes/instance_common.h"
#include "http/stream.h"
#include "instance/nvram.h"

namespace incusd {
namespace {

using http::Method;

constexpr size_t kChunk = 1 << 20;

/// What comes out of the pipe, until its other end is closed.
Result<> copy_out(const Context& ctx, int pipe, http::Stream& stream) {
  std::string buffer(kChunk, '\0');
  while (true) {
    TRY(ctx.wait_fd(pipe, 1 /* POLLIN */));
    ssize_t count = read(pipe, buffer.data(), buffer.size());
    if (count < 0 && errno == EINTR) continue;
    if (count < 0) return fail_errno("Failed reading a memory dump");
    if (count == 0) return {};
    TRY(stream.write(ctx, std::string_view(buffer.data(), static_cast<size_t>(count))));
  }
}

Result<Reply> dump_memory(Call& call) {
  auto instance = TRY(find_instance(call));
  std::string format = call.query("format");
  if (format.empty()) format = "elf";
  if (!instance->runtime()->hardware()) return fail(Code::invalid, "Memory dumps are only supported for virtual machines");
  if (!instance->running()) return fail(Code::invalid, "Instance must be running to dump memory");
  http::Response response;
  response.headers.set("Content-Type", "application/octet-stream");
  response.writer = [instance, format, &runtime = call.daemon.runtime](const Context& ctx, http::Stream& stream) -> Result<> {
    int ends[2];
    if (pipe2(ends, O_CLOEXEC) < 0) return fail_errno("Failed making a pipe");
    UniqueFd out(ends[0]);
    auto in = std::make_shared<UniqueFd>(ends[1]);
    auto failure = std::make_shared<std::promise<Result<>>>();
    auto done = failure->get_future();
    // Once nobody reads the pipe any more, QEMU gives up.
    runtime.offload([instance, format, in, failure, limited = Context::detached(std::chrono::hours(1))] {
      auto dumped = instance->runtime()->hardware()->dump_memory(limited, in->get(), format);
      in->reset();
      failure->set_value(std::move(dumped));
    });
    auto copied = copy_out(ctx, out.get(), stream);
    out.reset();
    auto dumped = done.get();
    return dumped ? copied : dumped;
  };
  return raw(std::move(response));
}

Result<Reply> repair(Call& call) {
  std::string action = TRY(call.body<api::InstanceDebugRepairPost>()).action;
  if (action != "rebuild-nvram" && action != "rebuild-config-volume") return fail(Code::invalid, "Invalid repair action {}", quote(action));
  auto instance = TRY(find_instance(call));
  if (action == "rebuild-nvram") {
    TRY(instance::reset_nvram(call.ctx, instance));
    instance::lifecycle(*instance, job_of(call), "instance-updated");
    return ok();
  }
  if (!instance->runtime()->hardware()) return fail(Code::invalid, "Config volume rebuild is only possible on VMs");
  if (instance->running()) return fail(Code::invalid, "Config volume rebuild is only possible on stopped VMs");
  return fail(Code::invalid, "Config volume rebuild is only possible on QCOW2 backed VMs");  // which no storage driver here makes
}

constexpr Route kRoutes[] = {
    {Method::get, "/1.0/instances/{name}/debug/memory", kEditInstance, kProject, dump_memory, "Dumps the memory of a virtual machine"},
    {Method::post, "/1.0/instances/{name}/debug/repair", kEditInstance, kProject, repair, "Mends a stopped virtual machine"},
};

}  // namespace

extern const Routes instance_debug_routes = kRoutes;

}  // namespace incusd
