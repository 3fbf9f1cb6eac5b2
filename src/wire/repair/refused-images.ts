import { type ImagePart, imagesOf, withoutImages } from './image-parts.ts'
import { pixelsOf } from './image-pixels.ts'
import { dotted } from './refusal.ts'
import { changeBody, type Mender, type Refusal } from './repair.ts'

const NOTE = '[An image stood here. The provider refused it, so it was left out.]'

const CODES = new Set([
  'invalid_image',
  'invalid_image_format',
  'invalid_base64_image',
  'invalid_image_url',
  'image_too_large',
  'image_too_small',
  'image_parse_error',
  'invalid_image_mode',
  'image_file_too_large',
  'unsupported_image_media_type',
  'empty_image_file',
  'failed_to_download_image',
  'image_file_not_found',
  'image_dimensions_too_large',
])

/** This model sees nothing. */
const BLIND =
  /(?:does not|doesn't|do not|cannot) (?:support|accept|process|take) (?:image|vision|multimodal)|image inputs? (?:is|are) not supported|no endpoints found that support image|not a multimodal model|unknown variant .?image_url|image_url.? is (?:only|not) supported/i
const ABOUT_IMAGES =
  /\bimage[^.]{0,60}(?:exceed|too (?:large|big|small)|invalid|corrupt|unsupported|could not|cannot|failed)|(?:invalid|unsupported|corrupt|could not (?:process|decode|load|download)|unable to (?:process|decode|download)|failed to (?:process|decode|load|download)|cannot identify|too many|at most \d+) (?:the |base64 |input |provided )*images?\b|many-image requests/i

/** Leaves out the images that the provider refuses, with a note in their place. */
export const mendRefusedImages: Mender = (refusal, { wire, body }) => {
  const blind = BLIND.test(refusal.message)
  if (!blind && !CODES.has(refusal.code) && !ABOUT_IMAGES.test(refusal.message) && !refusal.tooLarge) return undefined
  const images = imagesOf(wire, body)
  if (images.length === 0) return undefined
  const refused = blind ? images : refusedOf(images, refusal)
  const sources = new Set(refused.map(({ source }) => source))
  if (sources.size === 0) return undefined
  return {
    what: `${refused.length} of ${images.length}`,
    change: changeBody((given, itsWire) => withoutImages(itsWire, given, sources, NOTE)),
  }
}

/** By what the refusal says: a number, a size, a place; all of them when it says nothing. */
function refusedOf(images: readonly ImagePart[], { message, param, code, tooLarge }: Refusal): readonly ImagePart[] {
  const most = /at most (\d+) images?/i.exec(message)?.[1]
  if (most !== undefined) return images.slice(0, Math.max(0, images.length - Number(most)))
  const place = dotted(/(?:messages|input)[.[]\d+[\w.[\]]*/.exec(message)?.[0] ?? param)
  const named = images.filter((image) => covers(place, image.place))
  const bytes = /> (\d+) bytes/.exec(message)?.[1]
  if (bytes !== undefined) return union(images, named, ({ source }) => source.length > Number(bytes))
  const pixels = /(\d+) pixels/.exec(message)?.[1]
  if (pixels !== undefined) return union(images, named, ({ source }) => isLarger(source, Number(pixels)))
  if (named.length > 0) return named
  // The whole request is too large: what was looked at long ago goes first.
  if (tooLarge && !CODES.has(code) && !ABOUT_IMAGES.test(message)) return earlierOnes(images)
  return images
}

/** `messages.3.content.1.image.source.base64` is about `messages.3.content.1`; names of block types stand between. */
function covers(place: string, image: string): boolean {
  const numbers = (text: string) => text.split('.').filter((segment) => /^\d+$/.test(segment))
  const [told, own] = [numbers(place), numbers(image)]
  return told.length >= 2 && own.every((each, index) => told[index] === each)
}

function union(images: readonly ImagePart[], named: readonly ImagePart[], also: (image: ImagePart) => boolean) {
  const found = images.filter((image) => named.includes(image) || also(image))
  return found.length > 0 ? found : images
}

function isLarger(source: string, limit: number): boolean {
  const pixels = pixelsOf(source)
  return pixels !== undefined && Math.max(pixels.width, pixels.height) > limit
}

/** All images but those of the newest message that has some; when there are no others, all. */
function earlierOnes(images: readonly ImagePart[]): readonly ImagePart[] {
  const messageOf = ({ place }: ImagePart) => place.split('.').slice(0, 2).join('.')
  const newest = images.at(-1)
  const earlier = images.filter((image) => newest !== undefined && messageOf(image) !== messageOf(newest))
  return earlier.length > 0 ? earlier : images
}
