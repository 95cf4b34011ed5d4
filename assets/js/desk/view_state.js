// What is chosen on a page, mirrored into its address: a link or a reload shows the same view.
window.dash_clientside = window.dash_clientside || {};
window.dash_clientside.viewState = {
  /** Each input of id `page-name` becomes the parameter `name`; lists are joined by commas, nothing chosen leaves it out. */
  mirror(...values) {
    const inputs = window.dash_clientside.callback_context.inputs_list;
    const address = new URL(window.location.href);
    inputs.forEach((input, place) => {
      const name = String(input.id).split("-").slice(1).join("-");
      const value = Array.isArray(values[place]) ? values[place].join(",") : values[place];
      if (value === null || value === undefined || value === "") address.searchParams.delete(name);
      else address.searchParams.set(name, value);
    });
    if (address.href !== window.location.href) window.history.replaceState(window.history.state, "", address);
    return window.dash_clientside.no_update;
  },
};
