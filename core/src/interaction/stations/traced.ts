/** Times each interaction and gives it a span; sees its outcome and never its content. */
import { asOutcome } from '../../outcome/outcome.ts';
import type { Station } from '../kernel.ts';

export const traced: Station = ({ metrics, tracer, stopwatch }, next) => {
  const timed: typeof next = async (interaction, within) => {
    const from = stopwatch();
    let status = 500;
    try {
      const answer = await next(interaction, within);
      status = answer.status;
      return answer;
    } catch (thrown) {
      status = asOutcome(thrown).status;
      throw thrown;
    } finally {
      metrics.interactions.observe({ verb: interaction.verb, status }, stopwatch() - from);
    }
  };
  return (interaction, within) =>
    tracer.span(
      `fhir ${interaction.verb}`,
      interaction.trace,
      { 'fhir.verb': interaction.verb, 'fhir.type': interaction.type ?? '' },
      () => timed(interaction, within),
    );
};
