/** An error message. Nothing if there is no error. */

export function Failure({ error }: { error: string }) {
  return error ? (
    <p class="failure" role="alert">
      {error}
    </p>
  ) : null;
}
