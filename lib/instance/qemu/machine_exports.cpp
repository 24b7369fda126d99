// Disks of the running machine over NBD, for as long as somebody is connected.
#include <unistd.h>

#include "base/log.h"
#include "instance/qemu/machine_impl.h"
#include "instance/qemu/nbd.h"
#include "sys/unix_socket.h"

namespace instance::qemu {
namespace {

constexpr seconds kTeardownTime{60};
/// A client opens several connections to the exports at a time.
constexpr int kBacklog = 16;

}  // namespace

Result<> Machine::Impl::begin_exports(const Context& ctx, const DiskExport& wanted) {
  auto qmp = TRY(monitor(ctx));
  // What is there has nobody who reads it: a daemon that was killed left it.
  TRY(stop_exports(ctx, *qmp));
  std::vector<NbdExport> exports;
  for (const std::string& device : TRY(devices_with_drives(ctx, *qmp, wanted.devices))) exports.push_back({device, wanted.named ? device : ""});
  if (exports.empty()) return fail(Code::internal, "Instance has no exportable disks");
  UniqueFd listener = TRY(sys::listen_unix(paths.nbd(), kBacklog));
  return start_exports(ctx, *qmp, listener.get(), exports, wanted.folder);
}

void Machine::Impl::leave_exports() {
  std::lock_guard exclusive(exporting);
  if (--export_users > 0) return;
  unlink(paths.nbd().c_str());
  Context ctx = Context::detached(kTeardownTime);
  if (!running()) return;
  auto qmp = monitor(ctx);
  auto stopped = qmp ? stop_exports(ctx, **qmp) : Result<>(Failure(qmp.error()));
  if (!stopped && running()) log_warn("Failed ending the export of disks", {{"instance", paths.id}, {"error", stopped.error().message()}});
}

Result<DiskConnection> Machine::export_disks(const Context& ctx, const DiskExport& wanted) {
  std::lock_guard exclusive(impl_->exporting);
  if (wanted.reuse && impl_->export_users == 0) return fail(Code::invalid, "No NBD session is currently active");
  if (!wanted.reuse && impl_->export_users > 0) return fail(Code::internal, "NBD operation for instance {} already in progress", impl_->paths.id);
  if (!wanted.reuse) TRY(impl_->begin_exports(ctx, wanted));
  ++impl_->export_users;
  // The last one to leave may be an I/O thread, which must not wait for QEMU.
  std::shared_ptr<void> hold(nullptr, [impl = impl_](void*) { impl->runtime.offload([impl] { impl->leave_exports(); }); });
  UniqueFd socket = TRY_CTX(sys::connect_unix(impl_->paths.nbd()), "Failed connecting to NBD server");
  return DiskConnection{std::move(socket), std::move(hold)};
}

Result<std::vector<api::StorageVolumeBitmap>> Machine::bitmaps(const Context& ctx, const std::string& device) {
  return drive_bitmaps(ctx, *TRY(impl_->monitor(ctx)), device);
}

Result<> Machine::add_bitmap(const Context& ctx, const StringList& devices, const api::StorageVolumeBitmapsPost& bitmap) {
  if (bitmap.persistent) return fail(Code::unsupported, "Bitmaps cannot be kept on disk: this disk is a plain file that has no room for them. They last until the machine stops");
  return qemu::add_bitmap(ctx, *TRY(impl_->monitor(ctx)), devices, bitmap);
}

Result<> Machine::remove_bitmap(const Context& ctx, const std::string& device, const std::string& name) {
  return qemu::remove_bitmap(ctx, *TRY(impl_->monitor(ctx)), device, name);
}

}  // namespace instance::qemu
