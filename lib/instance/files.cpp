#include "instance/files.h"

#include "instance/driver.h"
#include "instance/volume.h"

namespace instance {

Result<FileConnection> connect_files(const Context& ctx, const InstancePtr& instance) {
  auto runtime = instance->runtime();
  if (instance->running()) return FileConnection{TRY(runtime->sftp(ctx)), nullptr};
  auto lock = TRY(instance->lock(ctx));
  if (instance->running()) return FileConnection{TRY(runtime->sftp(ctx)), nullptr};
  auto mounted = std::make_shared<storage::Mounted>(TRY(mount_volume(ctx, instance)));
  TRY(instance->driver().serve_files(instance, mounted->path));
  return FileConnection{TRY(runtime->sftp(ctx)), mounted};
}

}  // namespace instance
