// Parts shared by the files of `incus storage volume`.
#pragma once
#include "applets/cli/nouns/network.h"
#include "applets/cli/verbs/noun.h"

namespace cli {

/// What `[<remote>:]<pool>` and `[<type>/]<volume>[/<snapshot>]` mean.
struct Volume {
  client::Server server;  ///< with --target applied
  std::string pool, type = "custom", name, snapshot;

  std::string collection() const;  ///< /1.0/storage-pools/POOL/volumes
  std::string path() const;        ///< of the volume
  std::string full_path() const;   ///< of the snapshot, if there is one
};

/// From the first two arguments; the second may be a plain name, which is a custom volume.
Result<Volume> volume_of(Call& call);
/// GET the volume; a missing one is named with its type. `hint` is put after that.
Result<client::Reply> get_volume(Call& call, Volume& volume, std::string_view hint = "");

Result<> volume_attach(Call& call);
Result<> volume_attach_profile(Call& call);
Result<> volume_detach(Call& call);
Result<> volume_detach_profile(Call& call);
Result<> volume_copy(Call& call);
Result<> volume_move(Call& call);
Result<> volume_export(Call& call);
Result<> volume_import(Call& call);
Result<> volume_info(Call& call);
Result<> volume_list(Call& call);

}  // namespace cli
