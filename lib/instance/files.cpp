#include "instance/files.h"

#include "instance/lxc/container.h"
#include "instance/volume.h"

namespace instance {

Result<FileConnection> connect_files(const Context& ctx, const InstancePtr& instance) {
  auto container = instance->container();
  if (instance->running()) return FileConnection{TRY(container->sftp(ctx)), nullptr};
  auto lock = TRY(instance->lock(ctx));
  if (instance->running()) return FileConnection{TRY(container->sftp(ctx)), nullptr};
  auto mounted = std::make_shared<storage::Mounted>(TRY(mount_volume(ctx, instance)));
  RunSpec spec;
  spec.path = mounted->path;
  spec.rootfs = mounted->path + "/rootfs";
  spec.idmap = TRY(sys::IdMap::from_json(instance->volatile_get("volatile.last_state.idmap")));
  container->set_spec(std::move(spec));
  return FileConnection{TRY(container->sftp(ctx)), mounted};
}

}  // namespace instance
