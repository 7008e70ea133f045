/**
 * The messages of `grpc.testing.TestService` that the interop cases use, with a codec for just these shapes:
 * varints, nested messages and byte strings.
 */

/** One decoded field: its number, and either a number or bytes. */
interface Field {
  readonly id: number;
  readonly value: number;
  readonly bytes: Uint8Array;
}

export interface EchoStatus {
  readonly code: number;
  readonly message: string;
}

export interface SimpleRequest {
  readonly responseSize: number;
  readonly payload: Uint8Array;
  readonly responseStatus: EchoStatus | undefined;
}

export interface ResponseParameters {
  readonly size: number;
  readonly intervalUs: number;
}

export interface StreamingOutputCallRequest {
  readonly responseParameters: readonly ResponseParameters[];
  readonly payload: Uint8Array;
  readonly responseStatus: EchoStatus | undefined;
}

const empty = new Uint8Array(0);

function* fieldsOf(message: Uint8Array): Generator<Field> {
  let at = 0;
  const varint = (): number => {
    let value = 0;
    for (let shift = 0; shift < 70; shift += 7) {
      const byte = message[at++];
      if (byte === undefined) break;
      value += (byte & 0x7f) * 2 ** shift;
      if ((byte & 0x80) === 0) return value;
    }
    throw new RangeError("a malformed varint");
  };
  while (at < message.length) {
    const tag = varint();
    const id = Math.floor(tag / 8);
    switch (tag % 8) {
      case 0:
        yield { id, value: varint(), bytes: empty };
        break;
      case 2: {
        const length = varint();
        if (at + length > message.length) throw new RangeError("a field that is cut off");
        yield { id, value: 0, bytes: message.subarray(at, at + length) };
        at += length;
        break;
      }
      default:
        throw new RangeError(`wire type ${tag % 8} is not used here`);
    }
  }
}

function varintBytes(value: number): number[] {
  const bytes: number[] = [];
  let rest = value;
  while (rest >= 0x80) {
    bytes.push((rest % 0x80) | 0x80);
    rest = Math.floor(rest / 0x80);
  }
  return [...bytes, rest];
}

function numberField(id: number, value: number): Uint8Array {
  return value === 0 ? empty : Uint8Array.from([...varintBytes(id * 8), ...varintBytes(value)]);
}

/** An empty value is left out, as proto3 does. */
function bytesField(id: number, value: Uint8Array, always = false): Uint8Array {
  if (value.length === 0 && !always) return empty;
  return Buffer.concat([Uint8Array.from([...varintBytes(id * 8 + 2), ...varintBytes(value.length)]), value]);
}

function decodeStatus(bytes: Uint8Array): EchoStatus {
  let code = 0;
  let message = "";
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) code = field.value;
    else if (field.id === 2) message = Buffer.from(field.bytes).toString("utf8");
  }
  return { code, message };
}

function encodeStatus(status: EchoStatus): Uint8Array {
  return Buffer.concat([numberField(1, status.code), bytesField(2, Buffer.from(status.message, "utf8"))]);
}

function decodePayload(bytes: Uint8Array): Uint8Array {
  let body: Uint8Array = empty;
  for (const field of fieldsOf(bytes)) if (field.id === 2) body = field.bytes;
  return body;
}

export function decodeSimpleRequest(bytes: Uint8Array): SimpleRequest {
  let responseSize = 0;
  let payload: Uint8Array = empty;
  let responseStatus: EchoStatus | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.id === 2) responseSize = field.value;
    else if (field.id === 3) payload = decodePayload(field.bytes);
    else if (field.id === 7) responseStatus = decodeStatus(field.bytes);
  }
  return { responseSize, payload, responseStatus };
}

export function encodeSimpleRequest(request: Partial<SimpleRequest>): Uint8Array {
  return Buffer.concat([
    numberField(2, request.responseSize ?? 0),
    request.payload === undefined ? empty : bytesField(3, bytesField(2, request.payload), true),
    request.responseStatus === undefined ? empty : bytesField(7, encodeStatus(request.responseStatus), true),
  ]);
}

/** SimpleResponse and StreamingOutputCallResponse look alike: a payload in field 1. */
export function encodePayloadResponse(body: Uint8Array): Uint8Array {
  return bytesField(1, bytesField(2, body), true);
}

export function decodePayloadResponse(bytes: Uint8Array): Uint8Array {
  let body: Uint8Array = empty;
  for (const field of fieldsOf(bytes)) if (field.id === 1) body = decodePayload(field.bytes);
  return body;
}

export function decodeStreamingInputRequest(bytes: Uint8Array): Uint8Array {
  return decodePayloadResponse(bytes);
}

export function encodeStreamingInputRequest(body: Uint8Array): Uint8Array {
  return encodePayloadResponse(body);
}

export function encodeAggregatedSize(size: number): Uint8Array {
  return numberField(1, size);
}

export function decodeAggregatedSize(bytes: Uint8Array): number {
  let size = 0;
  for (const field of fieldsOf(bytes)) if (field.id === 1) size = field.value;
  return size;
}

export function decodeStreamingOutputRequest(bytes: Uint8Array): StreamingOutputCallRequest {
  const responseParameters: ResponseParameters[] = [];
  let payload: Uint8Array = empty;
  let responseStatus: EchoStatus | undefined;
  for (const field of fieldsOf(bytes)) {
    if (field.id === 2) responseParameters.push(decodeParameters(field.bytes));
    else if (field.id === 3) payload = decodePayload(field.bytes);
    else if (field.id === 7) responseStatus = decodeStatus(field.bytes);
  }
  return { responseParameters, payload, responseStatus };
}

function decodeParameters(bytes: Uint8Array): ResponseParameters {
  let size = 0;
  let intervalUs = 0;
  for (const field of fieldsOf(bytes)) {
    if (field.id === 1) size = field.value;
    else if (field.id === 2) intervalUs = field.value;
  }
  return { size, intervalUs };
}

export function encodeStreamingOutputRequest(request: Partial<StreamingOutputCallRequest>): Uint8Array {
  return Buffer.concat([
    ...(request.responseParameters ?? []).map((one) =>
      bytesField(2, Buffer.concat([numberField(1, one.size), numberField(2, one.intervalUs)]), true),
    ),
    request.payload === undefined ? empty : bytesField(3, bytesField(2, request.payload), true),
    request.responseStatus === undefined ? empty : bytesField(7, encodeStatus(request.responseStatus), true),
  ]);
}
