/** The views on bytes that can be kept, and how each is made again. */
export const VIEWS: { readonly [kind: string]: (bytes: ArrayBuffer) => unknown } = {
  ArrayBuffer: (bytes) => bytes,
  Buffer: (bytes) => Buffer.from(bytes),
  DataView: (bytes) => new DataView(bytes),
  Uint8Array: (bytes) => new Uint8Array(bytes),
  Uint8ClampedArray: (bytes) => new Uint8ClampedArray(bytes),
  Int8Array: (bytes) => new Int8Array(bytes),
  Uint16Array: (bytes) => new Uint16Array(bytes),
  Int16Array: (bytes) => new Int16Array(bytes),
  Uint32Array: (bytes) => new Uint32Array(bytes),
  Int32Array: (bytes) => new Int32Array(bytes),
  Float32Array: (bytes) => new Float32Array(bytes),
  Float64Array: (bytes) => new Float64Array(bytes),
  BigInt64Array: (bytes) => new BigInt64Array(bytes),
  BigUint64Array: (bytes) => new BigUint64Array(bytes),
};
