#include "api/types/image.h"

#include "api/codec.h"

namespace api {

API_TYPE(ImageAlias) {
  return fields<ImageAlias>(
      field<&ImageAlias::name>("name"),
      field<&ImageAlias::description>("description"));
}

API_TYPE(ImageExportPost) {
  return fields<ImageExportPost>(
      field<&ImageExportPost::target>("target"),
      field<&ImageExportPost::secret>("secret"),
      field<&ImageExportPost::certificate>("certificate"),
      field<&ImageExportPost::aliases>("aliases"),
      field<&ImageExportPost::project>("project"),
      field<&ImageExportPost::profiles>("profiles"));
}

API_TYPE(ImagePut) {
  return fields<ImagePut>(
      field<&ImagePut::auto_update>("auto_update"),
      field<&ImagePut::properties>("properties"),
      field<&ImagePut::public_>("public"),
      field<&ImagePut::expires_at>("expires_at"),
      field<&ImagePut::profiles>("profiles"));
}

API_TYPE(ImageSource) {
  return fields<ImageSource>(
      field<&ImageSource::alias>("alias"),
      field<&ImageSource::certificate>("certificate"),
      field<&ImageSource::protocol>("protocol"),
      field<&ImageSource::server>("server"),
      field<&ImageSource::image_type>("image_type"));
}

API_TYPE(ImagesPostSource) {
  return fields<ImagesPostSource>(
      base<ImagesPostSource, ImageSource>(),
      field<&ImagesPostSource::mode>("mode"),
      field<&ImagesPostSource::type>("type"),
      field<&ImagesPostSource::url>("url"),
      field<&ImagesPostSource::name>("name"),
      field<&ImagesPostSource::fingerprint>("fingerprint"),
      field<&ImagesPostSource::secret>("secret"),
      field<&ImagesPostSource::project>("project"));
}

API_TYPE(ImagesPost) {
  return fields<ImagesPost>(
      base<ImagesPost, ImagePut>(),
      field<&ImagesPost::filename>("filename"),
      field<&ImagesPost::source>("source"),
      field<&ImagesPost::compression_algorithm>("compression_algorithm"),
      field<&ImagesPost::format>("format"),
      field<&ImagesPost::aliases>("aliases"));
}

API_TYPE(Image) {
  return fields<Image>(
      base<Image, ImagePut>(),
      field<&Image::aliases>("aliases"),
      field<&Image::architecture>("architecture"),
      field<&Image::cached>("cached"),
      field<&Image::filename>("filename"),
      field<&Image::fingerprint>("fingerprint"),
      field<&Image::size>("size"),
      field<&Image::update_source>("update_source", kOmitEmpty),
      field<&Image::type>("type"),
      field<&Image::created_at>("created_at"),
      field<&Image::last_used_at>("last_used_at"),
      field<&Image::uploaded_at>("uploaded_at"),
      field<&Image::project>("project"),
      field<&Image::locations>("locations"));
}

API_TYPE(ImageAliasesEntryPut) {
  return fields<ImageAliasesEntryPut>(
      field<&ImageAliasesEntryPut::description>("description"),
      field<&ImageAliasesEntryPut::target>("target"));
}

API_TYPE(ImageAliasesEntry) {
  return fields<ImageAliasesEntry>(
      base<ImageAliasesEntry, ImageAliasesEntryPut>(),
      field<&ImageAliasesEntry::name>("name"),
      field<&ImageAliasesEntry::type>("type"));
}

API_TYPE(ImageAliasesPost) {
  return fields<ImageAliasesPost>(
      base<ImageAliasesPost, ImageAliasesEntry>());
}

API_TYPE(ImageAliasesEntryPost) {
  return fields<ImageAliasesEntryPost>(
      field<&ImageAliasesEntryPost::name>("name"));
}

API_TYPE(ImageMetadataTemplate) {
  return fields<ImageMetadataTemplate>(
      field<&ImageMetadataTemplate::when>("when"),
      field<&ImageMetadataTemplate::create_only>("create_only"),
      field<&ImageMetadataTemplate::template_>("template"),
      field<&ImageMetadataTemplate::properties>("properties"),
      field<&ImageMetadataTemplate::uid>("uid", kOmitEmpty),
      field<&ImageMetadataTemplate::gid>("gid", kOmitEmpty),
      field<&ImageMetadataTemplate::mode>("mode", kOmitEmpty));
}

API_TYPE(ImageMetadata) {
  return fields<ImageMetadata>(
      field<&ImageMetadata::architecture>("architecture"),
      field<&ImageMetadata::creation_date>("creation_date"),
      field<&ImageMetadata::expiry_date>("expiry_date"),
      field<&ImageMetadata::properties>("properties"),
      field<&ImageMetadata::templates>("templates"));
}

}  // namespace api
