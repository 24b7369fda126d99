// The file with a machine's firmware variables, read and replaced as a whole.
#include <fcntl.h>
#include <sys/stat.h>

#include "instance/nvram.h"
#include "instance/qemu/firmware_vars.h"
#include "instance/qemu/machine_spec.h"
#include "instance/volume.h"

namespace instance {
namespace {

/// OVMF's are 540 KB.
constexpr size_t kMaxStore = 16 << 20;

struct Opened {
  storage::Mounted mounted;
  std::string file, content;
};

Result<qemu::MachineSpec> spec_with_variables(const InstancePtr& instance) {
  ViewPtr view = instance->view();
  if (view->type() != Type::virtual_machine) return fail(Code::invalid, "NVRAM operations are only supported for virtual machines");
  qemu::MachineSpec spec = TRY(qemu::spec_of(*view));
  if (spec.board == qemu::Board::microvm || spec.csm) return fail(Code::invalid, "This virtual machine has no UEFI firmware and so no variables of it");
  return spec;
}

Result<> check_stopped(const InstancePtr& instance) {
  return instance->running() ? fail(Code::invalid, "UEFI variables cannot be modified on running VMs") : Result<>();
}

Result<Opened> open_store(const Context& ctx, const InstancePtr& instance) {
  qemu::MachineSpec spec = TRY(spec_with_variables(instance));
  Opened out{.mounted = TRY(mount_volume(ctx, instance)), .file = "", .content = ""};
  out.file = qemu::vars_file(out.mounted.path);
  if (out.file.empty()) out.file = TRY(qemu::prepare_firmware(out.mounted.path, qemu::firmware_use(spec), false)).vars;
  out.content = TRY(read_file(out.file, kMaxStore));
  return out;
}

}  // namespace

Result<FirmwareVariables> read_nvram(const Context& ctx, const InstancePtr& instance) { return parse_nvram(TRY(open_store(ctx, instance)).content); }

Result<> change_nvram(const Context& ctx, const InstancePtr& instance, const std::function<Result<>(FirmwareVariables&)>& change) {
  auto lock = TRY(instance->lock(ctx));
  TRY(check_stopped(instance));
  Opened store = TRY(open_store(ctx, instance));
  FirmwareVariables variables = TRY(parse_nvram(store.content));
  TRY(change(variables));
  return write_file_atomic(store.file, TRY(replace_nvram(std::move(store.content), variables)), 0600);
}

Result<> reset_nvram(const Context& ctx, const InstancePtr& instance) {
  auto lock = TRY(instance->lock(ctx));
  qemu::MachineSpec spec = TRY(spec_with_variables(instance));
  TRY(check_stopped(instance));
  storage::Mounted mounted = TRY(mount_volume(ctx, instance));
  return qemu::prepare_firmware(mounted.path, qemu::firmware_use(spec), true).transform([](auto&&) {});
}

}  // namespace instance
